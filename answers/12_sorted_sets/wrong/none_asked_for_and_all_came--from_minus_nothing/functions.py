def best_and_worst(r, board, count):
    key = f"board:{board}"
    best = r.zrange(key, -count, -1, withscores=True)[::-1]
    return best, r.zrevrange(key, -count, -1, withscores=True)[::-1]
