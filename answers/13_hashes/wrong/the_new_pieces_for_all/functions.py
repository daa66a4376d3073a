def add_to_cart(r, user, product, count):
    r.hincrby(f"cart:{user}", product, count)
    return count
