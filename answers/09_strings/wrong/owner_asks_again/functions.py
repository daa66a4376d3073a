def take_lock(r, name, token, seconds):
    key = f"lock:{name}"
    if r.get(key) == token:
        r.expire(key, seconds)
        return True
    return bool(r.set(key, token, nx=True, ex=seconds))
