def record_visit(r, page):
    return r.incrbyfloat(f"visits:{page}", 1)
