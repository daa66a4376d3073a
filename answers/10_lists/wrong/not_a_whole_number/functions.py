def read_page(r, board, page, size):
    start = (page - 1) / 1 * size
    return r.lrange(f"board:{board}", start, start + size - 1)
