def best_and_worst(r, board, count):
    key = f"board:{board}"
    return r.zrange(key, 0, count, desc=True, withscores=True), r.zrange(key, 0, count, withscores=True)
