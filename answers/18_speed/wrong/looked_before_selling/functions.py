def sell(r, orders):
    if not orders:
        return []
    keys = [f"stock:{product}" for product, _ in orders]
    left = {key: int(number or 0) for key, number in zip(keys, r.mget(keys))}
    sold = []
    with r.pipeline() as pipe:
        for key, (_, pieces) in zip(keys, orders):
            sold.append(left[key] >= pieces)
            if sold[-1]:
                left[key] -= pieces
                pipe.decrby(key, pieces)
        pipe.execute()
    return sold
