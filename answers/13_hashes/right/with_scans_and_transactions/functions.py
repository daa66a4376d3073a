from functools import reduce


def load_profile(r, user):
    profile = {k: v for k, v in r.hscan_iter(f"user:{user}", count=1000)}
    return profile if profile else None


def email_of(r, user):
    [email] = r.hmget(f"user:{user}", ["email"])
    return email


def pieces_in_cart(r, user):
    return reduce(lambda a, b: a + int(b), r.hgetall(f"cart:{user}").values(), 0)


def log_in(r, user, token, seconds):
    r.eval("redis.call('HSET', KEYS[1], 'session', ARGV[1]) redis.call('HEXPIRE', KEYS[1], ARGV[2], 'FIELDS', 1, 'session')", 1, f"user:{user}", token, seconds)


def reserve(r, user, product, count):
    def work(pipe):
        enough = int(pipe.hget("stock", product) or "0") >= count
        pipe.multi()
        if enough:
            pipe.hincrby("stock", product, -count).hincrby(f"cart:{user}", product, count)
        return enough
    return r.transaction(work, "stock", value_from_callable=True)


def save_profile(r, user, changes):
    r.hset(f"user:{user}", items=[one for pair in changes.items() for one in pair])
