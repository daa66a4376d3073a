def change_session(r, token, user):
    if not r.exists(f"session:{token}"):
        return False
    r.set(f"session:{token}", json.dumps(user), keepttl=True)
    return True
