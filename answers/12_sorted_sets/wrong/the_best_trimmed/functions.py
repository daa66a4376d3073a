def keep_best(r, board, player, score, size):
    key = f"board:{board}"
    with r.pipeline() as pipe:
        return pipe.zadd(key, {player: score}).zremrangebyrank(key, size, -1).zscore(key, player).execute()[-1] is not None
