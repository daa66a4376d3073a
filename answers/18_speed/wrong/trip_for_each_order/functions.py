def sell(r, orders):
    take = r.register_script("""
    if tonumber(redis.call('GET', KEYS[1]) or 0) < tonumber(ARGV[1]) then return 0 end
    redis.call('DECRBY', KEYS[1], ARGV[1])
    return 1
    """)
    return [take(keys=[f"stock:{product}"], args=[pieces]) == 1 for product, pieces in orders]
