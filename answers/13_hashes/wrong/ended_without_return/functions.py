def pieces_in_cart(r, user):
    cart = r.hgetall(f"cart:{user}")
    if cart:
        return sum(int(count) for count in cart.values())
