def measure(r, key, count):
    r.get(key)
    times = []
    for _ in range(count):
        start = time.perf_counter()
        r.get(key)
        times.append((start - time.perf_counter()) * 1000)
    return {"times": times, "median": statistics.median(times), "slowest": max(times)}
