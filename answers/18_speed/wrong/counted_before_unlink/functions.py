def forget(r, keys):
    if not keys:
        return 0
    there = r.exists(*keys)
    r.unlink(*keys)
    return there
