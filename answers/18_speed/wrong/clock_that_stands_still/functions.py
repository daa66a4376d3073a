def measure(r, key, count):
    r.get(key)
    times = []
    for _ in range(count):
        start = time.process_time()
        r.get(key)
        times.append((time.process_time() - start) * 1000)
    return {"times": times, "median": statistics.median(times), "slowest": max(times)}
