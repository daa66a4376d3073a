def add_points(r, board, player, points):
    return r.zadd(f"board:{board}", {player: points}, incr=True)


def record_best(r, board, player, score):
    return r.zadd(f"board:{board}", {player: score}, gt=True, incr=False, ch=True) == 1


def best_and_worst(r, board, count):
    key = f"board:{board}"
    best = r.zrange(key, "+inf", "-inf", desc=True, byscore=True, offset=0, num=count, withscores=True)
    return {"best": best, "worst": r.zrangebyscore(key, "-inf", "+inf", start=0, num=count, withscores=True)}.values()


def place_of(r, board, player):
    score = r.zscore(f"board:{board}", player)
    return None if score is None else 1 + r.zcount(f"board:{board}", f"({score!r}", "+inf")


def around(r, board, player, count):
    key = f"board:{board}"
    rank = r.zrank(key, player)
    if rank is None:
        return ()
    return tuple(reversed(r.zrange(key, max(0, rank - count), rank + count)))


def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    r.zadd(key, {f"{now}-{request}": now})
    r.expire(key, seconds + 1)
    r.zremrangebyscore(key, 0, now - seconds)
    return r.zcount(key, f"({now - seconds}", now)


def take_next(r, queue):
    taken = r.bzpopmin(f"queue:{queue}", timeout=0.01)
    return taken[1] if taken else None


def top_of_week(r, days, count):
    weights = {f"board:{day}": 1 for day in days} | {"banned": float("-inf")}
    with r.pipeline() as pipe:
        pipe.zunionstore("week", weights)
        pipe.zremrangebyscore("week", "-inf", "-inf")
        pipe.pexpire("week", 3_600_000)
        pipe.zrevrangebyscore("week", "+inf", "-inf", start=0, num=count, withscores=True)
        return pipe.execute()[-1]
