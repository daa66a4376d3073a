def best_and_worst(r, board, count):
    key = f"board:{board}"
    if not count:
        return [], []
    low = r.zrange(key, 0, count - 1, withscores=True)
    return (low, low) if r.zcard(key) > count else (low[::-1], low)
