def place_of(r, board, player):
    players = r.zrange(f"board:{board}", 0, -1, desc=True)
    return players.index(player) + 1 if player in players else None
