def change_session(r, token, user):
    key = f"session:{token}"
    left = r.ttl(key)
    if left < 0:
        return False
    if r.set(key, json.dumps(user), xx=True):
        r.expire(key, left)
        return True
    return False
