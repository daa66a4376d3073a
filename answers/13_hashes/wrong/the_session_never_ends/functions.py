def log_in(r, user, token, seconds):
    r.hset(f"user:{user}", "session", token)
