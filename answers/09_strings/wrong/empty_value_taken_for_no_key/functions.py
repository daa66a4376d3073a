def time_left(r, key):
    if not r.get(key):
        return None
    seconds = r.ttl(key)
    return "for ever" if seconds == -1 else seconds
