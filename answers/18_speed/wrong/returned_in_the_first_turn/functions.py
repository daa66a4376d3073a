def load_products(r, ids):
    pipe, products = r.pipeline(transaction=False), []
    for one in ids:
        pipe.hgetall(f"product:{one}")
    for found in pipe.execute():
        products.append(found or None)
        return products
    return products
