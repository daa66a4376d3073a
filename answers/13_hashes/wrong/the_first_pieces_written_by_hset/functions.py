def add_to_cart(r, user, product, count):
    key = f"cart:{user}"
    if r.hexists(key, product):
        return r.hincrby(key, product, count)
    r.hset(key, product, count)
    return count
