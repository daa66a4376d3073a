def keep_best(r, board, player, score, size):
    key = f"board:{board}"
    with r.pipeline() as pipe:
        better = pipe.zcount(key, f"({score}", "+inf").zremrangebyrank(key, 0, -size).zadd(key, {player: score}).execute()[0]
    return better < size
