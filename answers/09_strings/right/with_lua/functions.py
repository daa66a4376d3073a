def record_visit(r, page):
    return r.eval("return redis.call('INCR', KEYS[1])", 1, f"visits:{page}")


def save_session(r, token, user, seconds):
    script = "redis.call('SET', KEYS[1], ARGV[1]); return redis.call('PEXPIRE', KEYS[1], ARGV[2])"
    r.eval(script, 1, f"session:{token}", json.dumps(user), int(seconds * 1000))


def change_session(r, token, user):
    script = r.register_script(
        "if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL') return 1"
    )
    return script(keys=[f"session:{token}"], args=[json.dumps(user)]) == 1


def time_left(r, key):
    left = r.eval("return redis.call('TTL', KEYS[1])", 1, key)
    return {-2: None, -1: "for ever"}.get(left, left)


def read_settings(r, defaults):
    script = "local found = {} for i, key in ipairs(KEYS) do found[i] = redis.call('GET', key) end return found"
    values = r.eval(script, len(defaults), *(f"setting:{name}" for name in defaults))
    return {name: default if value is None else value for (name, default), value in zip(defaults.items(), values)}


def take_lock(r, name, token, seconds):
    script = (
        "if redis.call('SETNX', KEYS[1], ARGV[1]) == 1 then return redis.call('EXPIRE', KEYS[1], ARGV[2]) end return 0"
    )
    return r.eval(script, 1, f"lock:{name}", token, seconds) == 1


def find_keys(r, prefix):
    script = "return redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', 500)"
    cursor, found = "0", set()
    while True:
        cursor, page = r.eval(script, 0, cursor, prefix + "*")
        found |= set(page)
        if cursor == "0":
            return sorted(found)


def allow_request(r, user, limit, seconds, now):
    s = "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end return n"
    return r.eval(s, 1, f"rate:{user}:{int(now / seconds)}", seconds) <= limit
