def keep_best(r, board, player, score, size):
    key = f"board:{board}"
    script = """
    redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
    redis.call('ZREMRANGEBYRANK', KEYS[1], 0, redis.call('ZCARD', KEYS[1]) - ARGV[3] - 1)
    return redis.call('ZSCORE', KEYS[1], ARGV[2])
    """
    return r.eval(script, 1, key, score, player, size) is not None
