def change_session(r, token, user):
    return bool(r.set(f"session:{token}", json.dumps(user), nx=True, keepttl=True))
