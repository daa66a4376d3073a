def load_products(r, ids):
    pipe = r.pipeline(transaction=False)
    return [pipe.hgetall(f"product:{one}") for one in ids]
