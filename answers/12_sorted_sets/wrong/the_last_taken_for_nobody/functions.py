def place_of(r, board, player):
    rank = r.zrank(f"board:{board}", player)
    return r.zcard(f"board:{board}") - rank if rank else None
