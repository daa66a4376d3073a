def email_of(r, user):
    return r.execute_command("HGET", f"user:{user}", "email")


def add_to_cart(r, user, product, count):
    r.hsetnx(f"cart:{user}", product, 0)
    return r.hincrby(f"cart:{user}", product, count)


def claim_name(r, name, user):
    def work(pipe):
        is_free = not pipe.hexists("names", name)
        pipe.multi()
        if is_free:
            pipe.hset("names", name, user)
        return is_free

    return r.transaction(work, "names", value_from_callable=True)


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
