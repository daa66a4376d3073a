def load_products(r, ids):
    with r.pipeline(transaction=False) as pipe:
        for one in ids:
            pipe.hgetall(f"product:{one}")
    return [product or None for product in pipe.execute()]
