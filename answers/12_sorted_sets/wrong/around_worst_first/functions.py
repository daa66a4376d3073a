def around(r, board, player, count):
    key = f"board:{board}"
    rank = r.zrank(key, player)
    return [] if rank is None else r.zrange(key, max(0, rank - count), rank + count)
