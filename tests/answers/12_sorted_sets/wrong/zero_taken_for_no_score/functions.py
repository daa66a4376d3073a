def record_best(r, board, player, score):
    had = r.zscore(f"board:{board}", player) or 0
    r.zadd(f"board:{board}", {player: score}, gt=True)
    return score > had
