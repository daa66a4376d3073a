def take_lock(r, name, token, seconds):
    return bool(r.set(f"lock:{name}", token, xx=True, ex=seconds))
