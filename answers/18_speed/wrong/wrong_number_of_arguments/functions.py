def forget(r, keys):
    return r.unlink(*keys)
