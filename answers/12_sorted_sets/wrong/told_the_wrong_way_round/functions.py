def record_best(r, board, player, score):
    return r.zadd(f"board:{board}", {player: score}, gt=True, ch=True) == 0
