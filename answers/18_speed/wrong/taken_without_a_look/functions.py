def sell(r, orders):
    pipe = r.pipeline()
    for product, pieces in orders:
        pipe.decrby(f"stock:{product}", pieces)
    return [left >= 0 for left in pipe.execute()]
