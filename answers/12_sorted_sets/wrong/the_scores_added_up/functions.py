def keep_best(r, board, player, score, size):
    key = f"board:{board}"
    return r.pipeline().zincrby(key, score, player).zremrangebyrank(key, 0, -size - 1).zscore(key, player).execute()[-1] is not None
