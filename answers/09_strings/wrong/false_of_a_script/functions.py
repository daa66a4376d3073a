def release_lock(r, name, token):
    script = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) return true end return false"
    return r.eval(script, 1, f"lock:{name}", token)
