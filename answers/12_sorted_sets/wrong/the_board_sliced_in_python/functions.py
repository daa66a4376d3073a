def best_and_worst(r, board, count):
    everyone = r.zrange(f"board:{board}", 0, -1, withscores=True)
    return everyone[::-1][:count], everyone[:count]
