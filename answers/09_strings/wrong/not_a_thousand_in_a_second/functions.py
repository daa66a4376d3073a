def save_session(r, token, user, seconds):
    r.set(f"session:{token}", json.dumps(user), px=int(seconds * 100))
