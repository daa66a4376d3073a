def change_session(r, token, user):
    key = f"session:{token}"
    left = r.ttl(key)
    if left == -2:
        return False
    return bool(r.set(key, json.dumps(user), xx=True, ex=left))
