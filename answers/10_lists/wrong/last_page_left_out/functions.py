def read_page(r, board, page, size):
    key = f"board:{board}"
    if page > r.llen(key) // size:
        return []
    return r.lrange(key, (page - 1) * size, page * size - 1)
