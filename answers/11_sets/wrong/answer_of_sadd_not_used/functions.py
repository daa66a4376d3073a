def count_visitor(r, day, user):
    r.sadd(f"visitors:{day}", user)
    return True
