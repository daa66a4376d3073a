def take_lock(r, name, token, seconds):
    key = f"lock:{name}"
    return bool(r.set(key, token, nx=True, ex=seconds)) or r.get(key) == token
