def load_products(r, ids):
    if not ids:
        return []
    pipe = r.pipeline(transaction=False)
    for one in ids:
        pipe.exists(f"product:{one}")
    there = pipe.execute()
    for one in ids:
        pipe.hgetall(f"product:{one}")
    return [product if known else None for known, product in zip(there, pipe.execute())]
