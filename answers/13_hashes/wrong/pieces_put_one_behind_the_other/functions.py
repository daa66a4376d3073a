def pieces_in_cart(r, user):
    pieces = ""
    for count in r.hvals(f"cart:{user}"):
        pieces += count
    return int(pieces or 0)
