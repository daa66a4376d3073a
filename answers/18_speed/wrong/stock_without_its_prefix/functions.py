def import_stock(r, rows, size):
    for start in range(0, len(rows), size):
        r.mset({product: number for product, number in rows[start : start + size]})
