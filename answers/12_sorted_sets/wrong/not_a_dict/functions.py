def add_points(r, board, player, points):
    return r.zadd(f"board:{board}", points, player)
