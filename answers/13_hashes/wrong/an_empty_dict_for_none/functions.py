def load_profile(r, user):
    return r.hgetall(f"user:{user}") if r.exists(f"user:{user}") else {}
