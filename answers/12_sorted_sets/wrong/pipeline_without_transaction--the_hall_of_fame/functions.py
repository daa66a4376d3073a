def keep_best(r, board, player, score, size):
    key = f"board:{board}"
    pipe = r.pipeline(transaction=False)
    pipe.zadd(key, {player: score}).zremrangebyrank(key, 0, -size - 1).zrank(key, player)
    return pipe.execute()[2] is not None
