def load_profile(r, user):
    return r.hgetall(user) or None
