def save_profile(r, user, changes):
    key = f"user:{user}"
    with r.pipeline() as pipe:
        while True:
            try:
                profile = r.hgetall(key) | changes
                pipe.watch(key)
                pipe.multi()
                pipe.hset(key, mapping=profile)
                pipe.execute()
                return
            except redis.WatchError:
                continue
