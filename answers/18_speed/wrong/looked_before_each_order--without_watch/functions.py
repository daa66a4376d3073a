def sell(r, orders):
    sold = []
    for product, pieces in orders:
        key = f"stock:{product}"
        sold.append(int(r.get(key) or 0) >= pieces)
        if sold[-1]:
            r.decrby(key, pieces)
    return sold
