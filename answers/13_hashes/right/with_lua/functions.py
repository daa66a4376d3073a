def load_profile(r, user):
    script = "if redis.call('EXISTS', KEYS[1]) == 0 then return {} end return redis.call('HGETALL', KEYS[1])"
    flat = r.eval(script, 1, f"user:{user}")
    return dict(zip(flat[::2], flat[1::2])) or None


def add_to_cart(r, user, product, count):
    script = """
    local pieces = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0) + tonumber(ARGV[2])
    redis.call('HSET', KEYS[1], ARGV[1], pieces)
    return pieces
    """
    return r.register_script(script)(keys=[f"cart:{user}"], args=[product, count])


def pieces_in_cart(r, user):
    script = "local sum = 0; for _, count in ipairs(redis.call('HVALS', KEYS[1])) do sum = sum + count end; return sum"
    return r.eval(script, 1, f"cart:{user}")


def claim_name(r, name, user):
    script = """
    if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 0 end
    return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
    """
    return r.eval(script, 1, "names", name, user) == 1


def log_in(r, user, token, seconds):
    script = """
    redis.call('HSET', KEYS[1], 'session', ARGV[1])
    redis.call('HPEXPIRE', KEYS[1], ARGV[2] * 1000, 'FIELDS', 1, 'session')
    """
    r.eval(script, 1, f"user:{user}", token, seconds)


def email_of(r, user):
    script = """
    local flat = redis.call('HGETALL', KEYS[1])
    for at = 1, #flat, 2 do
        if flat[at] == 'email' then return flat[at + 1] end
    end
    return false
    """
    return r.eval(script, 1, f"user:{user}")


def reserve(r, user, product, count):
    script = """
    local left = tonumber(redis.call('HGET', KEYS[1], ARGV[1])) or 0
    if left < tonumber(ARGV[2]) then return 0 end
    redis.call('HSET', KEYS[1], ARGV[1], left - ARGV[2])
    redis.call('HINCRBY', KEYS[2], ARGV[1], ARGV[2])
    return 1
    """
    return r.eval(script, 2, "stock", f"cart:{user}", product, count) == 1
