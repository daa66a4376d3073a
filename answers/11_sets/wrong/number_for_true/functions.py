def count_visitor(r, day, user):
    return r.sadd(f"visitors:{day}", user)
