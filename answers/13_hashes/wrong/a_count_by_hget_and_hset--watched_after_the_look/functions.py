def add_to_cart(r, user, product, count):
    key = f"cart:{user}"
    with r.pipeline() as pipe:
        while True:
            try:
                pieces = int(r.hget(key, product) or 0) + count
                pipe.watch(key)
                pipe.multi()
                pipe.hset(key, product, pieces)
                pipe.execute()
                return pieces
            except redis.WatchError:
                continue
