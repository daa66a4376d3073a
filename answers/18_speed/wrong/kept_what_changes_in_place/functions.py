def measure(r, key, count):
    r.get(key)
    times = []
    for _ in range(count):
        start = time.perf_counter()
        r.get(key)
        times.append((time.perf_counter() - start) * 1000)
    ordered = times.sort()
    return {"times": times, "median": ordered[len(ordered) // 2], "slowest": max(times)}
