def record_visit(r, page):
    key = f"visits:{page}"
    if not r.exists(key):
        r.set(key, 1)
        return 1
    return r.incr(key)
