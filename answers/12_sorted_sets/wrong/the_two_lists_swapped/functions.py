def best_and_worst(r, board, count):
    if count < 1: return [], []
    key = f"board:{board}"
    return r.zrange(key, 0, count - 1, withscores=True), r.zrange(key, 0, count - 1, desc=True, withscores=True)
