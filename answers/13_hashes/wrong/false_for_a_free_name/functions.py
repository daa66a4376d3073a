def claim_name(r, name, user):
    return r.hsetnx("names", name, user) == 0
