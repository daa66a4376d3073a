def count_visitor(r, day, user):
    return not r.sadd(f"visitors:{day}", user)
