def biggest_keys(r, count):
    _, keys = r.scan(0, count=10**9)
    pipe = r.pipeline(transaction=False)
    for key in keys:
        pipe.memory_usage(key)
    return sorted(zip(keys, pipe.execute()), key=lambda pair: pair[1] or 0, reverse=True)[:count]
