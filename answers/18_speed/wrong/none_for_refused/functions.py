def sell(r, orders):
    take = r.register_script("""
    local left = tonumber(redis.call('GET', KEYS[1]) or 0)
    if left < tonumber(ARGV[1]) then return false end
    redis.call('DECRBY', KEYS[1], ARGV[1])
    return 1
    """)
    with r.pipeline(transaction=False) as pipe:
        for product, pieces in orders:
            take(keys=[f"stock:{product}"], args=[pieces], client=pipe)
        return [answer for answer in pipe.execute()]
