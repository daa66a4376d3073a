def load_profile(r, user):
    return {field: value for field, value in r.hgetall(f"user:{user}").items() if value} or None
