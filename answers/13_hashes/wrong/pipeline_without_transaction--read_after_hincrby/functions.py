def add_to_cart(r, user, product, count):
    with r.pipeline(transaction=False) as pipe:
        pipe.hincrby(f"cart:{user}", product, count).hget(f"cart:{user}", product)
        return int(pipe.execute()[1])
