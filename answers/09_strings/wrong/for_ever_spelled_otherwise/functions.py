def time_left(r, key):
    seconds = r.ttl(key)
    return {-1: "forever", -2: None}.get(seconds, seconds)
