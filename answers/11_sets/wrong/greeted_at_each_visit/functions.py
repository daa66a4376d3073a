def count_visitor(r, day, user):
    r.sadd(f"visitors:{day}", user)
    return bool(r.sismember(f"visitors:{day}", user))
