def keep_best(r, board, player, score, size):
    key = f"board:{board}"
    with r.pipeline() as pipe:
        pipe.zadd(key, {player: score}, gt=True).zremrangebyrank(key, 0, -size - 1).zscore(key, player)
        return pipe.execute()[-1] is not None
