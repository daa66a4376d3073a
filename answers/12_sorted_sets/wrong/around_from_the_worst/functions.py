def around(r, board, player, count):
    key = f"board:{board}"
    rank = r.zrank(key, player)
    if rank is None:
        return []
    return r.zrevrange(key, max(0, rank - count), rank + count)
