def record_visit(r, page):
    r.incr(f"visits:{page}")
    return r.get(f"visits:{page}")
