def load_products(r, ids):
    products = []
    for one in ids:
        pipe = r.pipeline()
        pipe.hgetall(f"product:{one}")
        products.append(pipe.execute()[0] or None)
    return products
