def release_lock(r, name, token):
    script = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
    return r.eval(script, f"lock:{name}", token) == 1
