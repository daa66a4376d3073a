def read_fields(r, user, names):
    profile = r.hgetall(f"user:{user}")
    return {name: profile[name] for name in names if name in profile}
