def add_to_cart(r, user, product, count):
    pieces = (r.hget(f"cart:{user}", product) or "") + str(count)
    r.hset(f"cart:{user}", product, pieces)
    return int(pieces)
