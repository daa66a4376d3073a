def record_visit(r, page):
    key = f"visits:{page}"
    if r.get(key) is None:
        r.set(key, 0)
    return r.incr(key)
