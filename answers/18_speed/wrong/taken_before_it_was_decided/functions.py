def sell(r, orders):
    pipe = r.pipeline(transaction=False)
    for product, pieces in orders:
        pipe.decrby(f"stock:{product}", pieces)
    left = pipe.execute()
    for (product, pieces), number in zip(orders, left):
        if number < 0:
            pipe.incrby(f"stock:{product}", pieces)
    pipe.execute()
    return [number >= 0 for number in left]
