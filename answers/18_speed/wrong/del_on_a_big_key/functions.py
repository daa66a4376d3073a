def forget(r, keys):
    return r.delete(*keys) if keys else 0
