def load_products(r, ids):
    pipe = r.pipeline(transaction=False)
    for one in sorted(set(ids), key=lambda one: one[::-1]):  # a set's own order is another one in each run
        pipe.hgetall(f"product:{one}")
    found = dict(zip(ids, pipe.execute()))
    return [found[one] or None for one in ids]
