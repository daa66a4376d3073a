def add_to_cart(r, user, product, count):
    return r.hincrbyfloat(f"cart:{user}", product, count)
