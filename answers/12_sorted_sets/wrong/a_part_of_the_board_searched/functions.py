def place_of(r, board, player):
    everyone = r.zrange(f"board:{board}", 0, 99, desc=True)
    return everyone.index(player) + 1 if player in everyone else None
