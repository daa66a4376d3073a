def place_of(r, board, player):
    rank = r.zrank(f"board:{board}", player)
    return None if rank is None else rank + 1
