def read_page(r, board, page, size):
    return r.lrange(f"board:{board}", 0, page * size - 1)[(page - 1) * size :]
