def keep_best(r, board, player, score, size):
    key = f"board:{board}"
    rank = r.pipeline().zadd(key, {player: score}).zremrangebyrank(key, 0, -size - 1).zrank(key, player).execute()[-1]
    return rank is not None and rank < size - 1
