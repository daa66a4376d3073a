def take_lock(r, name, token, seconds):
    new = r.sadd(f"lock:{name}", token)
    r.expire(f"lock:{name}", seconds)
    return bool(new)
