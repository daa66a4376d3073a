def read_page(r, board, page, size):
    s = (page-1)*size
    return r.lrange(f"board:{board}", s, s+500)[:size]
