def read_fields(r, user, names):
    if not names:
        return {}
    result = {}
    for name, value in zip(names, r.hmget(f"user:{user}", names)):
        if value is not None:
            result[name] = value
        return result
