def add_points(r, board, player, points):
    r.zincrby(f"board:{board}", points, player)
    return r.zscore(f"board:{board}", player)
