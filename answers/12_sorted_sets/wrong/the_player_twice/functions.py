def around(r, board, player, count):
    key = f"board:{board}"
    rank = r.zrevrank(key, player)
    if rank is None:
        return []
    above = r.zrange(key, max(rank - count, 0), rank, desc=True)
    below = r.zrange(key, rank, rank + count, desc=True)
    return above + below
