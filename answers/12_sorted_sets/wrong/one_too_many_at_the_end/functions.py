def around(r, board, player, count):
    rank = r.zrevrank(f"board:{board}", player)
    if rank is None: return []
    return r.zrange(f"board:{board}", max(rank - count, 0), rank + count + 1, desc=True)
