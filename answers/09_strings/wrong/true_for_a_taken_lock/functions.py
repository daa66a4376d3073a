def take_lock(r, name, token, seconds):
    try:
        r.set(f"lock:{name}", token, nx=True, ex=seconds)
        return True
    except redis.RedisError:
        return False
