def biggest_keys(r, count):
    sizes, cursor = {}, 0
    while True:
        cursor, keys = r.scan(cursor, count=900)
        if cursor == 0:
            break
        pipe = r.pipeline(transaction=False)
        for key in keys:
            pipe.memory_usage(key)
        sizes.update(zip(keys, pipe.execute()))
    there = [(key, size) for key, size in sizes.items() if size]
    return sorted(there, key=lambda pair: -pair[1])[:count]
