def save_session(r, token, user, seconds):
    r.set(f"session:{token}", json.dumps(list(user.items())), px=int(seconds * 1000))
