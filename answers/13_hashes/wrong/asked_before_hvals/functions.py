def pieces_in_cart(r, user):
    if not r.exists(f"cart:{user}"):
        return 0
    return sum(map(int, r.hvals(f"cart:{user}")))
