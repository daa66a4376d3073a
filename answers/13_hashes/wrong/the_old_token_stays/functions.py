def log_in(r, user, token, seconds):
    with r.pipeline() as pipe:
        pipe.hsetnx(f"user:{user}", "session", token)
        pipe.hexpire(f"user:{user}", seconds, "session")
        pipe.execute()
