def around(r, board, player, count):
    rank = r.zrevrank(f"board:{board}", player)
    if rank is None:
        return []
    start = max(rank - count, 0)
    return r.zrange(f"board:{board}", start, start + 2 * count, desc=True)
