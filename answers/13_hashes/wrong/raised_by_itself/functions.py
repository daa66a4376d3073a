def load_profile(r, user):
    profile = r.hgetall(f"user:{user}")
    if not profile:
        raise KeyError(user)
    return profile
