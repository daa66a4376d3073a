def count_visitor(r, day, user):
    r.sadd(f"visitors:{day}", user)
    return r.scard(f"visitors:{day}") == 1
