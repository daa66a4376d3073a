def load_profile(r, user):
    key = f"user:{user}"
    return dict(zip(r.hkeys(key), r.hvals(key))) or None
