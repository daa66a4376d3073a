def load_products(r, ids):
    pipe = r.pipeline(transaction=False)
    for one in ids:
        pipe.hmget(f"product:{one}", "name", "cents")
    return [dict(zip(("name", "cents"), values)) if values[0] else None for values in pipe.execute()]
