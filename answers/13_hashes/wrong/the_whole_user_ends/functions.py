def log_in(r, user, token, seconds):
    with r.pipeline() as pipe:
        pipe.hset(f"user:{user}", "session", token)
        pipe.expire(f"user:{user}", seconds)
        pipe.execute()
