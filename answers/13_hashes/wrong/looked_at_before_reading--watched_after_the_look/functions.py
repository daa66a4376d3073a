def load_profile(r, user):
    key = f"user:{user}"
    with r.pipeline() as pipe:
        while True:
            try:
                if not r.exists(key):
                    return None
                pipe.watch(key)
                pipe.multi()
                pipe.hgetall(key)
                return pipe.execute()[0]
            except redis.WatchError:
                continue
