def sell(r, orders):
    take = r.register_script("""
    local left = tonumber(redis.call('GET', KEYS[1]) or 0)
    if left < tonumber(ARGV[0]) then return 0 end
    redis.call('DECRBY', KEYS[1], ARGV[0])
    return 1""")
    pipe = r.pipeline(transaction=False)
    for product, pieces in orders:
        take(keys=[f"stock:{product}"], args=[pieces], client=pipe)
    return [taken == 1 for taken in pipe.execute()]
