def reserve(r, user, product, count):
    with r.pipeline() as pipe:
        while True:
            try:
                left = int(r.hget("stock", product) or 0)
                pipe.watch("stock")
                if left < count:
                    return False
                pipe.multi()
                pipe.hset("stock", product, left - count)
                pipe.hincrby(f"cart:{user}", product, count)
                pipe.execute()
                return True
            except redis.WatchError:
                continue
