def change_session(r, token, user):
    r.set(f"session:{token}", json.dumps(user), xx=True, keepttl=True)
    return True
