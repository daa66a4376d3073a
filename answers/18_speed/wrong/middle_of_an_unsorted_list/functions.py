def measure(r, key, count):
    r.get(key)
    times = []
    for _ in range(count):
        start = time.perf_counter()
        r.get(key)
        times.append((time.perf_counter() - start) * 1000)
    return {"times": times, "median": times[count // 2], "slowest": max(times)}
