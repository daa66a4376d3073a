def sell(r, orders):
    sold = []
    with r.pipeline() as pipe:
        for product, pieces in orders:
            pipe.watch(f"stock:{product}")
            left = int(pipe.get(f"stock:{product}") or 0)
            pipe.multi()
            if left >= pieces:
                pipe.decrby(f"stock:{product}", pieces)
            pipe.execute()
            sold.append(left >= pieces)
    return sold
