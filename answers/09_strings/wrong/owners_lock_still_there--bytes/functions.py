def release_lock(r, name, token):
    if r.get(f"lock:{name}") == token.encode():
        return r.delete(f"lock:{name}") == 1
    return False
