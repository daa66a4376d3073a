def record_visit(r, page):
    r.incr(f"visits:{page}")
    return r.incr(f"visits:{page}")
