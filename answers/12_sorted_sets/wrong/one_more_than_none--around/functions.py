def around(r, board, player, count):
    rank = r.zrevrank(f"board:{board}", player)
    first = rank - count if rank > count else 0
    return r.zrange(f"board:{board}", first, rank + count, desc=True)
