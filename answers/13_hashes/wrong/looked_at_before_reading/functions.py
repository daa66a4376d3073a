def load_profile(r, user):
    if not r.exists(f"user:{user}"):
        return None
    return r.hgetall(f"user:{user}")
