def measure(r, key, count):
    r.get(key)
    times = []
    for _ in range(count):
        start = time.perf_counter()
        r.get(key)
        times.append((time.perf_counter() - start) * 1000)
    return {"times": times, "median": round(statistics.median(times), 3), "slowest": round(max(times), 2)}


def biggest_keys(r, count):
    sizes = {}
    cursor = "0"
    while True:
        cursor, keys = r.scan(cursor, count=1000)
        with r.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.memory_usage(key)
            sizes |= {key: size or 0 for key, size in zip(keys, pipe.execute())}
        if int(cursor) == 0:
            return sorted(sizes.items(), key=lambda pair: pair[1])[-count:][::-1]
