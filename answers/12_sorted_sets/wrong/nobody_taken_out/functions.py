def keep_best(r, board, player, score, size):
    r.zadd(f"board:{board}", {player: score})
    return True
