def take_lock(r, name, token, seconds):
    return bool(r.set(f"lock:{name}", 1, nx=True, ex=seconds))
