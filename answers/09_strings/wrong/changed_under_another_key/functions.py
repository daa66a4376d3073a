def change_session(r, token, user):
    return bool(r.set(f"sessions:{token}", json.dumps(user), keepttl=True))
