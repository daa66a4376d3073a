def take_lock(r, name, token, seconds):
    return r.set(f"lock:{name}", token, nx=True, ex=seconds) is None
