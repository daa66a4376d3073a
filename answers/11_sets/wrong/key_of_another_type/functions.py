def count_visitor(r, day, user):
    return bool(r.pfadd(f"visitors:{day}", user))
