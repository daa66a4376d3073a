def load_profile(r, user):
    profile = r.hgetall(f"user:{user}")
    if "name" not in profile:
        return None
    return profile
