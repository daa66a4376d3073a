def read_page(r, board, page, size):
    end = -(page - 1) * size - 1
    return r.lrange(f"board:{board}", end - size + 1, end)
