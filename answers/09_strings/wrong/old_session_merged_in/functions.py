def change_session(r, token, user):
    key = f"session:{token}"
    old = r.get(key)
    if old is None:
        return False
    session = json.loads(old)
    session.update(user)
    return bool(r.set(key, json.dumps(session), xx=True, keepttl=True))
