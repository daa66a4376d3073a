def load_profile(r, user):
    profile = r.hgetall(f"user:{user}")
    return profile if profile is not None else None
