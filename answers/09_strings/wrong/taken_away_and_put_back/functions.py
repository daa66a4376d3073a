def release_lock(r, name, token):
    key = f"lock:{name}"
    left = r.pttl(key)
    found = r.getdel(key)
    if found == token:
        return True
    if found is not None:
        r.set(key, found, px=left)
    return False
