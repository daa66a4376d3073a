def change_session(r, token, user):
    return r.set(f"session:{token}", json.dumps(user), xx=True, keepttl=True) == "OK"
