def reserve(r, user, product, count):
    script = """
    if tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0) < tonumber(ARGV[2]) then return 0 end
    redis.call('HINCRBY', KEYS[1], ARGV[1], -ARGV[2])
    return 1
    """
    if not r.eval(script, 1, "stock", product, count):
        return False
    r.hincrby(f"cart:{user}", product, count)
    return True
