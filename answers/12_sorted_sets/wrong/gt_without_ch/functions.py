def record_best(r, board, player, score):
    return bool(r.zadd(f"board:{board}", {player: score}, gt=True))
