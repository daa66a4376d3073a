def place_of(r, board, player):
    rank = r.zrevrank(f"board:{board}", player)
    return rank + 1 if rank else None
