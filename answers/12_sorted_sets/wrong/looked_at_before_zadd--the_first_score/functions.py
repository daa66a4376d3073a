def record_best(r, board, player, score):
    key = f"board:{board}"
    if r.zscore(key, player) is None:
        r.zadd(key, {player: score})
        return True
    return bool(r.zadd(key, {player: score}, gt=True, ch=True))
