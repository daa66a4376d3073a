def forget(r, keys):
    return bool(r.unlink(*keys)) if keys else 0
