def import_stock(r, rows, size):
    pipe = r.pipeline(transaction=False)
    for number, (product, stock) in enumerate(rows, 1):
        pipe.set(f"stock:{product}", stock)
        if number % size == 0:
            pipe.execute()
