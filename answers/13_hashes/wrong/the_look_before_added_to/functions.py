def add_to_cart(r, user, product, count):
    old = int(r.hget(f"cart:{user}", product) or 0)
    r.hincrby(f"cart:{user}", product, count)
    return old + count
