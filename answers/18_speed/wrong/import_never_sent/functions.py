def import_stock(r, rows, size):
    pipe = r.pipeline(transaction=False)
    for product, stock in rows:
        pipe.set(f"stock:{product}", stock)
