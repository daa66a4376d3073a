def time_left(r, key):
    return r.ttl(key)
