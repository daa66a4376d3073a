def best_and_worst(r, board, count):
    key = f"board:{board}"
    with r.pipeline() as p:
        p.zrevrangebyscore(key, "+inf", "-inf", start=0, num=count, withscores=True)
        p.zrangebyscore(key, "-inf", "+inf", start=0, num=count, withscores=True)
        best, worst = p.execute()
    return [best, worst]


def place_of(r, board, player):
    if (score := r.zscore(f"board:{board}", player)) is None:
        return None
    return r.zcount(f"board:{board}", f"({score}", "+inf") + 1


def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    p = r.pipeline()
    p.zadd(key, {request: now}).zremrangebyscore(key, "-inf", now - seconds).zcount(key, f"({now - seconds}", "+inf").expire(key, seconds)
    return p.execute()[-2]


def keep_best(r, board, player, score, size):
    return bool(r.eval("""
    redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
    while redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[3]) do redis.call('ZPOPMIN', KEYS[1]) end
    return redis.call('ZSCORE', KEYS[1], ARGV[1])""", 1, f"board:{board}", player, score, size))


def take_next(r, queue):
    got = r.zmpop(1, [f"queue:{queue}"], min=True)
    return got[1][0][0] if got else None


def around(r, board, player, count):
    return r.eval("""
    local rank = redis.call('ZREVRANK', KEYS[1], ARGV[1])
    if not rank then return {} end
    return redis.call('ZREVRANGE', KEYS[1], math.max(rank - ARGV[2], 0), rank + ARGV[2])""", 1, f"board:{board}", player, count)
