def sell(r, orders):
    if not orders:
        return []
    script = """
    local sold = {}
    for i, key in ipairs(KEYS) do
      local left = tonumber(redis.call('GET', key) or 0)
      sold[i] = left >= tonumber(ARGV[1]) and 1 or 0
      if sold[i] == 1 then redis.call('DECRBY', key, ARGV[1]) end
    end
    return sold
    """
    keys = [f"stock:{product}" for product, _ in orders]
    return [one == 1 for one in r.eval(script, len(keys), *keys, *(pieces for _, pieces in orders))]
