def measure(r, key, count):
    times = []
    for _ in range(count + 1):
        start = time.perf_counter()
        r.get(key)
        times.append((time.perf_counter() - start) * 1000)
    return {"times": times, "median": statistics.median(times), "slowest": max(times)}
