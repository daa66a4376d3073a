def reserve(r, user, product, count):
    while True:
        with r.pipeline() as pipe:
            try:
                pipe.watch("stock")
                if int(pipe.hget("stock", product)) < count:
                    return False
                pipe.multi()
                pipe.hincrby("stock", product, -count)
                pipe.hincrby(f"cart:{user}", product, count)
                pipe.execute()
                return True
            except redis.WatchError:
                continue
