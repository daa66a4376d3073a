def around(r, board, player, count):
    key = f"board:{board}"
    rank = r.zrank(key, player)
    if rank is None:
        return []
    players = r.zrange(key, rank - count, rank + count)
    players.reverse()
    return players
