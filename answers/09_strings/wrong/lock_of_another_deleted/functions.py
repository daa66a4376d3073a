def release_lock(r, name, token):
    return r.delete(f"lock:{name}") == 1
