def record_best(r, board, player, score):
    key = f"board:{board}"
    with r.pipeline() as pipe:
        had = pipe.zscore(key, player).zadd(key, {player: score}, gt=True).execute()[0]
    return score > (had or 0)
