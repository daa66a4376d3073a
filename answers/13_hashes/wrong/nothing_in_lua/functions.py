def reserve(r, user, product, count):
    return bool(r.eval("""
    if tonumber(redis.call('HGET', KEYS[1], ARGV[1])) < tonumber(ARGV[2]) then return 0 end
    redis.call('HINCRBY', KEYS[1], ARGV[1], -ARGV[2])
    redis.call('HINCRBY', KEYS[2], ARGV[1], ARGV[2])
    return 1""", 2, "stock", f"cart:{user}", product, count))
