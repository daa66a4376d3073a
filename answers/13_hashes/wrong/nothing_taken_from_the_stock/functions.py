def reserve(r, user, product, count):
    script = """
    if tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0) < tonumber(ARGV[2]) then return 0 end
    return redis.call('HINCRBY', KEYS[2], ARGV[1], ARGV[2])
    """
    return bool(r.eval(script, 2, "stock", f"cart:{user}", product, count))
