def around(r, board, player, count):
    players = r.zrevrange(f"board:{board}", 0, -1)
    if player not in players:
        return []
    at = players.index(player)
    return players[max(at - count, 0) : at + count + 1]
