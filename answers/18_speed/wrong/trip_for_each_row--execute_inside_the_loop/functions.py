def import_stock(r, rows, size):
    for start in range(0, len(rows), size):
        pipe = r.pipeline(transaction=False)
        for product, stock in rows[start : start + size]:
            pipe.set(f"stock:{product}", stock)
            pipe.execute()
