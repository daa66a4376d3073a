def add_points(r, board, player, points):
    return r.zincrby(f"points:{board}", points, player)
