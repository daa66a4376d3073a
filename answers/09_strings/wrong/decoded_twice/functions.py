def record_visit(r, page):
    r.incr(f"visits:{page}")
    return int(r.get(f"visits:{page}").decode())
