def read_fields(r, user, names):
    if not names: return {}
    names_ = names[::-1]
    return {n: v for n, v in zip(names, r.hmget(f"user:{user}", names_)) if v is not None}
