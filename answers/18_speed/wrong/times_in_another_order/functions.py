def measure(r, key, count):
    r.get(key)
    times = []
    for _ in range(count):
        start = time.perf_counter()
        r.get(key)
        times.append((time.perf_counter() - start) * 1000)
    return {"times": sorted(times), "median": statistics.median(times), "slowest": max(times)}
