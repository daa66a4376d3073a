def load_products(r, ids):
    pipe = r.pipeline(transaction=False)
    for one in ids:
        pipe.hgetall(f"product:{one}")
    pipe.execute()
    return [p or None for p in pipe.execute()]
