def import_stock(r, rows, size):
    for start in range(0, len(rows), size):
        pipe = r.pipeline(transaction=False)
        for product, number in rows[start : start + size]:
            pipe.set(f"stock:{product}", number, nx=True)
        pipe.execute()
