def forget(r, keys):
    if keys:
        return r.unlink(*keys)
