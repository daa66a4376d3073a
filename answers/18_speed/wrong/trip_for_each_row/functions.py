def import_stock(r, rows, size):
    for product, stock in rows:
        r.set(f"stock:{product}", stock)
