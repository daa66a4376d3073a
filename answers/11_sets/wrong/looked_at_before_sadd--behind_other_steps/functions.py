def count_visitor(r, day, user):
    key = f"visitors:{day}"
    r.persist(key)
    if r.sismember(key, user):
        return False
    r.sadd(key, user)
    return True
