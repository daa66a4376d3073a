def pieces_in_cart(r, user):
    return sum(int(count) for count in r.hvals(f"cart:{user}") if count > 0)
