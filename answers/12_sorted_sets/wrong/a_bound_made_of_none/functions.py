def place_of(r, board, player):
    score = r.zscore(f"board:{board}", player)
    return r.zcount(f"board:{board}", f"({score}", "+inf") + 1
