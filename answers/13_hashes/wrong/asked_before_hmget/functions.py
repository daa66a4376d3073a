def read_fields(r, user, names):
    if not names or not r.exists(f"user:{user}"):
        return {}
    values = r.hmget(f"user:{user}", names)
    return {name: value for name, value in zip(names, values) if value is not None}
