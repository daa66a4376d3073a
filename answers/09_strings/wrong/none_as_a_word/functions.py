def time_left(r, key):
    seconds = r.ttl(key)
    return {-1: "for ever", -2: "None"}.get(seconds, seconds)
