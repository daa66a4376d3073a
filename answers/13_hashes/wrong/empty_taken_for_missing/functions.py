def read_fields(r, user, names):
    if not names:
        return {}
    return {name: value for name, value in zip(names, r.hmget(f"user:{user}", names)) if value}
