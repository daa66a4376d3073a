def log_in(r, user, token, seconds):
    if r.hexists(f"user:{user}", "session"):
        r.hset(f"user:{user}", "session", token)
    else:
        r.hsetex(f"user:{user}", "session", token, ex=seconds)
