def sell(r, orders):
    if not orders:
        return []
    left = [int(number or 0) for number in r.mget(f"stock:{product}" for product, _ in orders)]
    sold = [pieces <= number for (_, pieces), number in zip(orders, left)]
    with r.pipeline() as pipe:
        for (product, pieces), is_sold in zip(orders, sold):
            if is_sold:
                pipe.decrby(f"stock:{product}", pieces)
        pipe.execute()
    return sold
