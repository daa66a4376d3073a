def count_visitor(r, day, user):
    return bool(r.set(f"visitors:{day}:{user}", 1, nx=True))
