def keep_best(r, board, player, score, size):
    key = f"board:{board}"
    _, removed = r.pipeline().zadd(key, {player: score}).zremrangebyrank(key, 0, -size - 1).execute()
    return removed == 0
