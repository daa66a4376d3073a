def add_to_cart(r, user, product, count):
    pieces = int(r.hget(f"cart:{user}", product) or 0) + count
    r.hset(f"cart:{user}", product, pieces)
    return pieces
