def keep_best(r, board, player, score, size):
    key = f"board:{board}"
    if r.zcard(key) < size:
        r.zadd(key, {player: score})
        return True
    with r.pipeline() as pipe:
        return pipe.zadd(key, {player: score}).zremrangebyrank(key, 0, -size - 1).zscore(key, player).execute()[-1] is not None
