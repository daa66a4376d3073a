def load_products(r, ids):
    pipe = r.pipeline(transaction=False)
    for one in ids:
        pipe.hgetall(f"products:{one}")
    return [product or None for product in pipe.execute()]
