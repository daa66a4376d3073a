def time_left(r, key):
    left = r.pttl(key) // 1000
    if left == -2:
        return None
    return "for ever" if left == -1 else left
