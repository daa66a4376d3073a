def key_of(day):
    f"visitors:{day}"


def count_visitor(r, day, user):
    key = key_of(day)
    return r.sadd(key, user) == 1
