def load_products(r, ids):
    with r.pipeline() as pipe:
        for one in ids:
            r.hgetall(f"product:{one}")
        return [product or None for product in pipe.execute()]
