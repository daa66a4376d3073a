def release_lock(r, name, token):
    for _ in range(3):
        r.incr("releases")
    if r.get(f"lock:{name}") == token:
        r.delete(f"lock:{name}")
        return True
    return False
