def change_session(r, token, user):
    key = f"session:{token}"
    if not r.exists(key):
        return False
    r.set(key, json.dumps(user), xx=True, keepttl=True)
    return True
