def pieces_in_cart(r, user):
    total = 0
    for count in r.hvals(f"cart:{user}"):
        total = int(count)
    return total
