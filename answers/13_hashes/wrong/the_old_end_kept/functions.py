def log_in(r, user, token, seconds):
    key = f"user:{user}"
    with r.pipeline() as pipe:
        pipe.hsetex(key, "session", token, keepttl=True)
        pipe.hexpire(key, seconds, "session", nx=True)
        pipe.execute()
