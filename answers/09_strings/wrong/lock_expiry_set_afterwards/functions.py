def take_lock(r, name, token, seconds):
    if r.setnx(f"lock:{name}", token):
        r.expire(f"lock:{name}", seconds)
        return True
    return False
