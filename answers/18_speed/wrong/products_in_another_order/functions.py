def load_products(r, ids):
    pipe = r.pipeline(transaction=False)
    for one in sorted(ids):
        pipe.hgetall(f"product:{one}")
    return [product or None for product in pipe.execute()]
