def add_points(r, board, player, points):
    for _ in range(5):
        r.exists(f"board:{board}")
    score = (r.zscore(f"board:{board}", player) or 0) + points
    r.zadd(f"board:{board}", {player: score})
    return score
