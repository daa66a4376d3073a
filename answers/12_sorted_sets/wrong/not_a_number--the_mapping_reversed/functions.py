def record_best(r, board, player, score):
    return bool(r.zadd(f"board:{board}", {score: player}, gt=True, ch=True))
