def around(r, board, player, count):
    key = f"board:{board}"
    rank = r.zrevrank(key, player)
    if rank is None:
        return []
    above = r.zrevrange(key, max(rank - count, 0), rank - 1) if rank else []
    return above + r.zrevrange(key, rank + 1, rank + count)
