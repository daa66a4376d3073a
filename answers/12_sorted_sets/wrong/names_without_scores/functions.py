def best_and_worst(r, board, count):
    key = f"board:{board}"
    if count < 1:
        return [], []
    return r.zrevrange(key, 0, count - 1), r.zrange(key, 0, count - 1, withscores=True)
