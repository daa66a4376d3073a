def claim_name(r, name, user):
    return bool(r.hset("names", name, user))
