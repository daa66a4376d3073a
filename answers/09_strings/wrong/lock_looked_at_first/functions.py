def take_lock(r, name, token, seconds):
    if r.exists(f"lock:{name}"):
        return False
    r.set(f"lock:{name}", token, ex=seconds)
    return True
