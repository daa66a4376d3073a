def add_to_cart(r, user, product, count):
    return r.hincrby(f"cart:{product}", user, count)
