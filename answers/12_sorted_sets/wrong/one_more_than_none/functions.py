def place_of(r, board, player):
    return r.zrevrank(f"board:{board}", player) + 1
