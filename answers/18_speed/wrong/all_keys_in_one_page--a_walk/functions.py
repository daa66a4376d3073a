def biggest_keys(r, count):
    keys = list(set(r.scan_iter(count=20_000)))
    pipe = r.pipeline(transaction=False)
    for key in keys:
        pipe.memory_usage(key)
    return sorted(zip(keys, pipe.execute()), key=lambda pair: pair[1] or 0, reverse=True)[:count]
