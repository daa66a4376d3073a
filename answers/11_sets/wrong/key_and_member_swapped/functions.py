def count_visitor(r, day, user):
    return bool(r.sadd(f"visitors:{user}", day))
