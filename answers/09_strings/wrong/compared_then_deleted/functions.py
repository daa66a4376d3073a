def release_lock(r, name, token):
    if r.get(f"lock:{name}") == token:
        r.delete(f"lock:{name}")
        return True
    return False
