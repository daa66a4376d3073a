def save_session(r, token, user, seconds):
    with r.pipeline(transaction=False) as pipe:
        pipe.set(f"session:{token}", json.dumps(user))
        pipe.pexpire(f"session:{token}", int(seconds * 1000))
        pipe.execute()
