def best_and_worst(r, board, count):
    key = f"board:{board}"
    if count == 0:
        return [], []
    size = r.zcard(key)
    worst = r.zrevrange(key, size - count, size - 1, withscores=True)
    return r.zrevrange(key, 0, count - 1, withscores=True), worst[::-1]
