def record_visit(r, page):
    key = f"visits:{page}"
    for _ in range(5):
        r.exists(key)
    count = int(r.get(key) or 0) + 1
    r.set(key, count)
    return count
