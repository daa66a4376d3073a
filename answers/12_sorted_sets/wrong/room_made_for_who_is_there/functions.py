def keep_best(r, board, player, score, size):
    script = """
    local over = redis.call('ZCARD', KEYS[1]) + 1 - ARGV[3]
    redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
    if over > 0 then redis.call('ZPOPMIN', KEYS[1], over) end
    return redis.call('ZSCORE', KEYS[1], ARGV[2])
    """
    return r.eval(script, 1, f"board:{board}", score, player, size) is not None
