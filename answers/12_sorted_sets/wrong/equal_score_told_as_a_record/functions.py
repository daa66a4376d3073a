def record_best(r, board, player, score):
    r.zadd(f"board:{board}", {player: score}, gt=True)
    return r.zscore(f"board:{board}", player) == score
