def biggest_keys(r, count):
    sizes, cursor = {}, None
    while cursor != 0:
        cursor, keys = r.scan(cursor or 0, count=100)
        pipe = r.pipeline(transaction=False)
        for key in keys:
            pipe.memory_usage(key)
        sizes = dict(zip(keys, pipe.execute()))
    return sorted(((key, size) for key, size in sizes.items() if size), key=lambda pair: -pair[1])[:count]
