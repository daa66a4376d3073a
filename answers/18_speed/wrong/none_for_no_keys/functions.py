def forget(r, keys):
    return r.unlink(*keys) if keys else None
