def add_points(r, board, player, points):
    old = r.zscore(f"board:{board}", player) or 0
    r.zincrby(f"board:{board}", points, player)
    return old + points
