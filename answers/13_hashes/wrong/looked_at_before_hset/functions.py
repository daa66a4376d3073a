def claim_name(r, name, user):
    if r.hexists("names", name):
        return False
    r.hset("names", name, user)
    return True
