def log_in(r, user, token, seconds):
    with r.pipeline(transaction=False) as pipe:
        pipe.hset(f"user:{user}", "session", token)
        pipe.hexpire(f"user:{user}", seconds, "session")
        pipe.execute()
