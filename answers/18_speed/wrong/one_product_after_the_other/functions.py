def load_products(r, ids):
    return [r.hgetall(f"product:{one}") or None for one in ids]
