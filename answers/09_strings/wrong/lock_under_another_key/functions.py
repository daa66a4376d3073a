def take_lock(r, name, token, seconds):
    return bool(r.set(name, token, nx=True, ex=seconds))
