def add_points(r, board, player, points):
    key = f"board:{board}"
    with r.pipeline() as pipe:
        while True:
            try:
                score = (r.zscore(key, player) or 0) + points
                pipe.watch(key)
                pipe.multi()
                pipe.zadd(key, {player: score})
                pipe.execute()
                return score
            except redis.WatchError:
                continue
