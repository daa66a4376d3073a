def forget(r, keys):
    if keys:
        r.unlink(*keys)
    return len(keys)
