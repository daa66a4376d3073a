def read_fields(r, user, names):
    return {name: value for name, value in zip(names, r.hmget(f"user:{user}", names)) if value is not None}
