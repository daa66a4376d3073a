def import_stock(r, rows, size):
    batch = {}
    for product, stock in rows:
        batch[f"stock:{product}"] = stock
        if len(batch) > size:
            r.mset(batch)
            batch = {}
    if batch:
        r.mset(batch)
