def around(r, board, player, count):
    rank = r.zrank(f"board:{board}", player)
    if not rank:
        return []
    return r.zrange(f"board:{board}", max(rank - count, 0), rank + count)[::-1]
