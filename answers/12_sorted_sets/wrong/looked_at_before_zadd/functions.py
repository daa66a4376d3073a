def record_best(r, board, player, score):
    had = r.zscore(f"board:{board}", player)
    if had is not None and had >= score:
        return False
    r.zadd(f"board:{board}", {player: score})
    return True
