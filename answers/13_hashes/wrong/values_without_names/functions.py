def read_fields(r, user, names):
    return [value for value in r.hmget(f"user:{user}", names) if value is not None] if names else {}
