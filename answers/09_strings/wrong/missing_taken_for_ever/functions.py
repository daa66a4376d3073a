def time_left(r, key):
    left = r.ttl(key)
    return "for ever" if left < 0 else left
