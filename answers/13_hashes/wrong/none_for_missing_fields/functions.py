def read_fields(r, user, names):
    return dict(zip(names, r.hmget(f"user:{user}", names))) if names else {}
