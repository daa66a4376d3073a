def import_stock(r, rows, size):
    half = max(1, size // 2)
    for start in range(0, len(rows), half):
        r.mset({f"stock:{product}": number for product, number in rows[start : start + half]})
