def save_session(r, token, user, seconds):
    r.json().set(f"session:{token}", "$", user)
    r.pexpire(f"session:{token}", int(seconds * 1000))
