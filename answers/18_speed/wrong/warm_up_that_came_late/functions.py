import time, statistics
def measure(r, key, count):
    times = []
    for _ in range(count):
        start = time.perf_counter()
        r.get(key)
        times.append((time.perf_counter() - start) * 1000)
    r.get(key)
    return {"times": times, "median": statistics.median(times), "slowest": max(times)}
