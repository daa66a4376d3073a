def load_products(r, ids):
    script = "local found = {} for _, key in ipairs(KEYS) do found[#found + 1] = redis.call('HGETALL', key) end return found"
    answers = r.eval(script, len(ids), *(f"product:{one}" for one in ids))
    return [dict(zip(flat[::2], flat[1::2])) or None for flat in answers]


def import_stock(r, rows, size):
    script = r.register_script("for i, key in ipairs(KEYS) do redis.call('SET', key, ARGV[i]) end")
    for start in range(0, len(rows), size):
        batch = rows[start : start + size]
        script(keys=[f"stock:{product}" for product, _ in batch], args=[number for _, number in batch])


def record_sale(r, product, cents):
    script = r.register_script("""
    local sales = redis.call('HINCRBY', KEYS[1], 'sales', 1)
    local turnover = redis.call('HINCRBY', KEYS[1], 'turnover', ARGV[2])
    redis.call('LPUSH', KEYS[2], ARGV[1])
    redis.call('LTRIM', KEYS[2], 0, 4)
    return {sales, turnover}
    """)
    return script(keys=["shop:today", "recent"], args=[product, cents])


def feed_page(r, name, page, size):
    script = "return {redis.call('LRANGE', KEYS[1], ARGV[1], ARGV[2]), redis.call('LLEN', KEYS[1])}"
    entries, length = r.eval(script, 1, f"feed:{name}", (page - 1) * size, page * size - 1)
    return entries, (length + size - 1) // size


def forget(r, keys):
    return r.eval("if #KEYS == 0 then return 0 end return redis.call('UNLINK', unpack(KEYS))", len(keys), *keys)


def sell(r, orders):
    script = """
    local sold = {}
    for at, key in ipairs(KEYS) do
        local left = tonumber(redis.call('GET', key) or 0) - ARGV[at]
        sold[at] = left >= 0 and 1 or 0
        if left >= 0 then redis.call('SET', key, left) end
    end
    return sold
    """
    keys = [f"stock:{product}" for product, _ in orders]
    return [sold == 1 for sold in r.eval(script, len(keys), *keys, *(pieces for _, pieces in orders))]
