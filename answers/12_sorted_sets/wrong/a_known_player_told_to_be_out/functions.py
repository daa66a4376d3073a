def keep_best(r, board, player, score, size):
    key = f"board:{board}"
    added, _, there = r.pipeline().zadd(key, {player: score}).zremrangebyrank(key, 0, -size - 1).zscore(key, player).execute()
    return bool(added) and there is not None
