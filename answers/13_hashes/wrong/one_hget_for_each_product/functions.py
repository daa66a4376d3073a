def pieces_in_cart(r, user):
    return sum(int(r.hget(f"cart:{user}", product)) for product in r.hkeys(f"cart:{user}"))
