def claim_name(r, name, user):
    return bool(r.hsetnx("names", user, name))
