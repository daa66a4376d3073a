def measure(r, key, count):
    times = []
    for _ in range(count):
        start = time.perf_counter()
        r.get(key)
        times.append((time.perf_counter() - start) * 1000)
    return {"times": times[1:], "median": statistics.median(times[1:]), "slowest": max(times[1:])}
