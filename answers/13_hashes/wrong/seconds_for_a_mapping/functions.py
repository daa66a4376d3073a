def log_in(r, user, token, seconds):
    r.hsetex(f"user:{user}", "session", token, seconds)
