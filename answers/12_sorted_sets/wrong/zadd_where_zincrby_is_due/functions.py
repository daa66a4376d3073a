def add_points(r, board, player, points):
    r.zadd(f"board:{board}", {player: points})
    return r.zscore(f"board:{board}", player)
