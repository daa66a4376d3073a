def count_visitor(r, day, user):
    if r.sismember(f"visitors:{day}", user):
        return False
    r.sadd(f"visitors:{day}", user)
    return True
