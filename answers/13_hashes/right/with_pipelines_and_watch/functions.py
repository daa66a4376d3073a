def save_profile(r, user, changes):
    with r.pipeline() as pipe:
        for field, value in changes.items():
            pipe.hset(f"user:{user}", field, value)
        pipe.execute()


def load_profile(r, user):
    with r.pipeline() as pipe:
        there, profile = pipe.exists(f"user:{user}").hgetall(f"user:{user}").execute()
    return profile if there else None


def read_fields(r, user, names):
    with r.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hget(f"user:{user}", name)
        values = pipe.execute()
    return {name: value for name, value in zip(names, values) if value is not None}


def add_to_cart(r, user, product, count):
    key = f"cart:{user}"
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch(key)
                pieces = int(pipe.hget(key, product) or 0) + count
                pipe.multi()
                pipe.hset(key, product, pieces)
                pipe.execute()
                return pieces
            except redis.WatchError:
                pass


def claim_name(r, name, user):
    with r.pipeline() as pipe:
        wrote, owner = pipe.hsetnx("names", name, user).hget("names", name).execute()
    return wrote == 1 and owner == user


def log_in(r, user, token, seconds):
    r.pipeline().hset(f"user:{user}", "session", token).hexpire(f"user:{user}", seconds, "session").execute()


def reserve(r, user, product, count):
    cart = f"cart:{user}"

    def work(pipe):
        left, there = int(pipe.hget("stock", product) or 0), int(pipe.hget(cart, product) or 0)
        pipe.multi()
        if left < count:
            return False
        if left == count:
            pipe.hdel("stock", product)
        else:
            pipe.hset("stock", product, left - count)
        pipe.hset(cart, product, there + count)
        return True

    return r.transaction(work, "stock", cart, value_from_callable=True)
