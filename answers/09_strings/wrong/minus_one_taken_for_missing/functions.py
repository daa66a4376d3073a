def time_left(r, key):
    seconds = r.ttl(key)
    if seconds == -1:
        return None
    return "for ever" if seconds == -2 else seconds
