def best_and_worst(r, board, count):
    if count == 0:
        return [], []
    best = r.zrange(f"board:{board}", 0, count - 1, desc=True, withscores=True)
    return best, list(reversed(best))
