def import_stock(r, rows, size):
    for start in range(0, len(rows), size):
        with r.pipeline() as pipe:
            for product, number in rows[start : start + size]:
                pipe.incrby(f"stock:{product}", number)
            pipe.execute()
