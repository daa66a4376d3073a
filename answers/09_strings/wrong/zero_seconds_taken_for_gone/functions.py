def time_left(r, key):
    seconds = r.ttl(key)
    if seconds > 0:
        return seconds
    if seconds == -1:
        return "for ever"
    return None
