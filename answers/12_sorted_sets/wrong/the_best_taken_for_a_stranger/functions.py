def around(r, board, player, count):
    rank = r.zrevrank(f"board:{board}", player)
    if not rank:
        return []
    return r.zrange(f"board:{board}", max(rank - count, 0), rank + count, desc=True)
