def record_visit(r, page):
    return r.incr(f"visit:{page}")
