def best_and_worst(r, board, count):
    key = f"board:{board}"
    if not count:
        return [], []
    best = r.zrange(key, 0, count - 1, desc=True, withscores=True)
    return (best, best) if r.zcard(key) > count else (best, best[::-1])
