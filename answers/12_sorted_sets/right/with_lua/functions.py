def add_points(r, board, player, points):
    return int(r.eval("return redis.call('ZINCRBY', KEYS[1], ARGV[1], ARGV[2])", 1, f"board:{board}", points, player))


def record_best(r, board, player, score):
    script = """
    local had = redis.call('ZSCORE', KEYS[1], ARGV[2])
    if had and tonumber(had) >= tonumber(ARGV[1]) then return 0 end
    redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
    return 1
    """
    return r.eval(script, 1, f"board:{board}", score, player) == 1


def around(r, board, player, count):
    script = """
    local rank = redis.call('ZREVRANK', KEYS[1], ARGV[1])
    if not rank then return {} end
    return redis.call('ZREVRANGE', KEYS[1], math.max(0, rank - ARGV[2]), rank + ARGV[2])
    """
    return r.eval(script, 1, f"board:{board}", player, count)


def count_request(r, user, request, now, seconds):
    script = """
    redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, ARGV[1] - ARGV[2])
    local before = redis.call('ZCARD', KEYS[1])
    redis.call('ZADD', KEYS[1], ARGV[1], ARGV[3])
    redis.call('PEXPIRE', KEYS[1], ARGV[2] * 1000)
    return before + 1
    """
    return r.eval(script, 1, f"window:{user}", now, seconds, request)


def keep_best(r, board, player, score, size):
    script = """
    redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
    local over = redis.call('ZCARD', KEYS[1]) - ARGV[3]
    if over > 0 then redis.call('ZPOPMIN', KEYS[1], over) end
    return redis.call('ZSCORE', KEYS[1], ARGV[2])
    """
    return bool(r.eval(script, 1, f"board:{board}", score, player, size))


def take_next(r, queue):
    script = """
    local first = redis.call('ZRANGE', KEYS[1], 0, 0)[1]
    if first then redis.call('ZREM', KEYS[1], first) end
    return first
    """
    return r.eval(script, 1, f"queue:{queue}")


def top_of_week(r, days, count):
    script = """
    redis.call('ZUNIONSTORE', KEYS[1], #KEYS - 2, unpack(KEYS, 3))
    for _, player in ipairs(redis.call('SMEMBERS', KEYS[2])) do redis.call('ZREM', KEYS[1], player) end
    redis.call('EXPIRE', KEYS[1], 3600)
    return redis.call('ZREVRANGE', KEYS[1], 0, ARGV[1] - 1, 'WITHSCORES')
    """
    flat = r.eval(script, 2 + len(days), "week", "banned", *(f"board:{day}" for day in days), count)
    return [(player, float(points)) for player, points in zip(flat[::2], flat[1::2])]
