def reserve(r, user, product, count):
    while True:
        with r.pipeline() as pipe:
            try:
                pipe.watch(f"cart:{user}")
                if int(pipe.hget("stock", product) or 0) < count:
                    return False
                pipe.multi()
                pipe.hincrby("stock", product, -count)
                pipe.hincrby(f"cart:{user}", product, count)
                pipe.execute()
                return True
            except redis.WatchError:
                continue
