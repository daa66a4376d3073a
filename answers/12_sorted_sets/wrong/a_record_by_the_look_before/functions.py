def record_best(r, board, player, score):
    key = f"board:{board}"
    had = r.zscore(key, player)
    r.zadd(key, {player: score}, gt=True)
    return had is None or score > had
