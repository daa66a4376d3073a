def time_left(r, key):
    left = int(r.pttl(key) / 1000)
    if left == -2:
        return None
    if left == -1:
        return "for ever"
    return left
