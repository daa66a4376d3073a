def email_of(r, user):
    return r.execute_command("HGET", f"user:{user}", "email")


def add_to_cart(r, user, product, count):
    r.hsetnx(f"cart:{user}", product, 0)
    return r.hincrby(f"cart:{user}", product, count)


def claim_name(r, name, user):
    with r.pipeline() as pipe:
        try:
            pipe.watch("names")
            if pipe.hexists("names", name):
                return False
            pipe.multi()
            pipe.hset("names", name, user)
            pipe.execute()
            return True
        except redis.WatchError:
            return False


def pieces_in_cart(r, user):
    pieces = 0
    for _, count in r.hgetall(f"cart:{user}").items():
        pieces += int(count)
    return pieces


def log_in(r, user, token, seconds):
    with r.pipeline(transaction=True) as pipe:
        pipe.hset(f"user:{user}", mapping={"session": token})
        pipe.hpexpire(f"user:{user}", seconds * 1000, "session")
        pipe.execute()
