def release_lock(r, name, token):
    r.eval("if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0", 1, f"lock:{name}", token)
    return True
