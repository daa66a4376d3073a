def save_session(r, token, user, seconds):
    r.set(f"session:{token}", json.dump(user), px=int(seconds * 1000))
