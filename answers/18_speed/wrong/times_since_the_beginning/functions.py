def measure(r, key, count):
    r.get(key)
    times, start = [], time.perf_counter()
    for _ in range(count):
        r.get(key)
        times.append((time.perf_counter() - start) * 1000)
    return {"times": times, "median": statistics.median(times), "slowest": max(times)}
