def add_to_cart(r, user, product, count):
    return r.hset(f"cart:{user}", product, count)
