def read_page(r, board, page, size):
    return r.lrange(f"board:{board}", page * size, (page + 1) * size - 1)
