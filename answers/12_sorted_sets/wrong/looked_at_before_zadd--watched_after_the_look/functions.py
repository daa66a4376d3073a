def record_best(r, board, player, score):
    key = f"board:{board}"
    with r.pipeline() as pipe:
        while True:
            try:
                old = r.zscore(key, player)
                if old is not None and old >= score:
                    return False
                pipe.watch(key)
                pipe.multi()
                pipe.zadd(key, {player: score})
                pipe.execute()
                return True
            except redis.WatchError:
                pass
