def save_session(r, token, user, seconds):
    data = json.dumps(user)
