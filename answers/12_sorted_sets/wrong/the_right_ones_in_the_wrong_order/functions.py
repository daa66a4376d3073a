def best_and_worst(r, board, count):
    key = f"board:{board}"
    if not count:
        return [], []
    return r.zrange(key, -count, -1, withscores=True), r.zrange(key, 0, count - 1, withscores=True)
