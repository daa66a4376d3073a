def forget(r, keys):
    return sum(r.unlink(key) for key in keys)
