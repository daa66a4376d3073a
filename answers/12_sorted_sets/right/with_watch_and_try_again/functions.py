def add_points(r, board, player, points):
    script = r.register_script("return redis.call('ZINCRBY', KEYS[1], ARGV[1], ARGV[2])")
    return float(script(keys=[f"board:{board}"], args=[points, player]))


def record_best(r, board, player, score):
    key = f"board:{board}"
    with r.pipeline() as pipe:
        pipe.zscore(key, player)
        pipe.zadd(key, {player: score}, gt=True)
        had, _ = pipe.execute()
    return had is None or score > had


def around(r, board, player, count):
    key = f"board:{board}"
    while True:
        with r.pipeline() as pipe:
            try:
                pipe.watch(key)
                rank = pipe.zrevrank(key, player)
                if rank is None:
                    return []
                pipe.multi()
                pipe.zrevrange(key, rank - min(rank, count), rank + count)
                return pipe.execute()[0]
            except redis.WatchError:
                continue


def count_request(r, user, request, now, seconds):
    key = f"window:{user}"

    def work(pipe):
        pipe.zremrangebyscore(key, "-inf", now - seconds)
        before = pipe.zcount(key, "-inf", "+inf")
        pipe.multi()
        pipe.zremrangebyscore(key, "-inf", now - seconds)
        pipe.zadd(key, {request: now})
        pipe.expireat(key, int(now + seconds) + 1)
        return before + 1

    return r.transaction(work, key, value_from_callable=True)


def keep_best(r, board, player, score, size):
    key = f"board:{board}"
    while True:
        with r.pipeline() as pipe:
            try:
                pipe.watch(key)
                there = pipe.zscore(key, player) is not None
                over = pipe.zcard(key) + (0 if there else 1) - size
                pipe.multi()
                pipe.zadd(key, {player: score})
                if over > 0:
                    pipe.zpopmin(key, over)
                pipe.zrevrank(key, player)
                return pipe.execute()[-1] is not None
            except redis.WatchError:
                continue


def take_next(r, queue):
    taken = r.zmpop(1, [f"queue:{queue}"], min=True)
    return taken[1][0][0] if taken else None
