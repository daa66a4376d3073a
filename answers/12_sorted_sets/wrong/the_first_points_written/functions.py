def add_points(r, board, player, points):
    key = f"board:{board}"
    if r.zscore(key, player) is None:
        r.zadd(key, {player: points})
        return points
    return r.zincrby(key, points, player)
