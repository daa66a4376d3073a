def add_points(r, board, player, points):
    score = r.zscore(f"board:{board}", player) or 0
    return r.zadd(f"board:{board}", {player: score + points})
