def save_session(r, token, user, seconds):
    r.set(token, json.dumps(user), px=int(seconds * 1000))
