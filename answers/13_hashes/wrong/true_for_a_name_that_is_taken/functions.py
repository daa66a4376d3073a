def claim_name(r, name, user):
    r.hsetnx("names", name, user)
    return True
