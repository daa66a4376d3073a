def place_of(r, board, player):
    score = r.zscore(f"board:{board}", player)
    return None if score is None else r.zcount(f"board:{board}", score, "+inf")
