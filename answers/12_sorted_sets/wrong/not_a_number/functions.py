def add_points(r, board, player, points):
    return r.zincrby(f"board:{board}", player, points)
