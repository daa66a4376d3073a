def add_points(r, board, player, points):
    with r.pipeline() as pipe:
        return pipe.zincrby(f"board:{board}", points, player).zscore(f"board:{board}", player).execute()[1]


def record_best(r, board, player, score):
    key = f"board:{board}"
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch(key)
                had = pipe.zscore(key, player)
                if had is not None and had >= score:
                    return False
                pipe.multi()
                pipe.zadd(key, {player: score})
                pipe.execute()
                return True
            except redis.WatchError:
                continue


def best_and_worst(r, board, count):
    with r.pipeline(transaction=False) as pipe:
        pipe.zrevrange(f"board:{board}", 0, count - 1, withscores=True)
        pipe.zrange(f"board:{board}", 0, count - 1, withscores=True)
        return pipe.execute() if count else ([], [])


def place_of(r, board, player):
    key = f"board:{board}"
    size, rank = r.pipeline().zcard(key).zrank(key, player).execute()
    return size - rank if rank is not None else None


def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    pipe = r.pipeline()
    pipe.zcount(key, f"({now - seconds}", "+inf").zadd(key, {request: now}).zremrangebyscore(key, 0, now - seconds).expire(key, seconds)
    return pipe.execute()[0] + 1


def take_next(r, queue):
    key = f"queue:{queue}"
    while jobs := r.zrange(key, 0, 0):
        if r.zrem(key, jobs[0]):
            return jobs[0]
    return None


def top_of_week(r, days, count):
    def work(pipe):
        banned = pipe.smembers("banned")
        pipe.multi()
        pipe.zunionstore("week", [f"board:{day}" for day in days])
        if banned:
            pipe.zrem("week", *banned)
        pipe.expire("week", 3600)
        pipe.zrange("week", 0, count - 1, desc=True, withscores=True)

    return r.transaction(work, "banned")[-1]
