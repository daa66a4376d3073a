def sell(r, orders):
    script = """
    if tonumber(redis.call('GET', KEYS[1]) or 0) < tonumber(ARGV[1]) then return 0 end
    redis.call('DECRBY', KEYS[1], ARGV[1])
    return 1
    """
    pipe = r.pipeline(transaction=False)
    for product, pieces in orders:
        pipe.eval(script, 1, f"stock:{product}", pieces)
    return [bool(answer) for answer in pipe.execute()]
