def record_visit(r, page):
    with r.lock(f"lock:{page}", timeout=5):
        n = int(r.get(f"visits:{page}") or 0) + 1
        r.set(f"visits:{page}", n)
    return n
