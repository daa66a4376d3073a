def measure(r, key, count):
    for _ in range(3):
        r.get(key)
    times = []
    while len(times) < count:
        start = time.monotonic()
        r.get(key)
        times.append(1000 * (time.monotonic() - start))
    return {"slowest": max(times), "median": statistics.quantiles(times, n=2)[0], "times": tuple(times)}


def import_stock(r, rows, size):
    batch = {}
    for product, number in rows:
        batch[f"stock:{product}"] = number
        if len(batch) == size:
            r.mset(batch)
            batch = {}
    if batch:
        r.mset(batch)


def feed_page(r, name, page, size):
    pages, rest = divmod(r.llen(f"feed:{name}"), size)
    return [r.lrange(f"feed:{name}", size * (page - 1), size * page - 1), pages + bool(rest)]
