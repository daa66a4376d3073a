def measure(r, key, count):
    r.get(key)
    times = []
    for _ in range(1, count):
        start = time.perf_counter()
        r.get(key)
        times.append((time.perf_counter() - start) * 1000)
    return {"times": times, "median": statistics.median(times), "slowest": max(times)}
