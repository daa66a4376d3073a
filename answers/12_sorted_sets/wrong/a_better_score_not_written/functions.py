def record_best(r, board, player, score):
    return r.zadd(f"board:{board}", {player: score}, nx=True) == 1
