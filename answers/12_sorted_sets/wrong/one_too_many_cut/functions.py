def keep_best(r, board, player, score, size):
    key = f"board:{board}"
    with r.pipeline() as pipe:
        return pipe.zadd(key, {player: score}).zremrangebyrank(key, 0, -size).zscore(key, player).execute()[-1] is not None
