def log_in(r, user, token, seconds):
    key = f"user:{user}"
    with r.pipeline() as pipe:
        pipe.hset(key, "session", token)
        pipe.hexpire(key, seconds, "session", *r.hkeys(key))
        pipe.execute()
