def keep_best(r, board, player, score, size):
    key = f"board:{board}"
    with r.pipeline() as pipe:
        while True:
            try:
                there = r.zscore(key, player) is not None
                over = r.zcard(key) + (0 if there else 1) - size
                pipe.watch(key)
                pipe.multi()
                pipe.zadd(key, {player: score})
                if over > 0:
                    pipe.zpopmin(key, over)
                pipe.zscore(key, player)
                return pipe.execute()[-1] is not None
            except redis.WatchError:
                continue
