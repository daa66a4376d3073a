def record_best(r, board, player, score):
    return bool(r.zadd(f"board:{board}", {player: score}, xx=True, gt=True, ch=True))
