def pieces_in_cart(r, user):
    return r.hlen(f"cart:{user}")
