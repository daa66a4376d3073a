def keep_best(r, board, player, score, size):
    key = f"board:{board}"
    r.zadd(key, {player: score})
    r.zremrangebyrank(key, 0, -size - 1)
    return r.zscore(key, player) is not None
