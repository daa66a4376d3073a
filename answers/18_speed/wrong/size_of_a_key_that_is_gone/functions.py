def biggest_keys(r, count):
    sizes, cursor = {}, None
    while cursor != 0:
        cursor, keys = r.scan(cursor or 0, count=200)
        pipe = r.pipeline(transaction=False)
        for key in keys:
            pipe.memory_usage(key)
        sizes.update(zip(keys, pipe.execute()))
    return sorted(sizes.items(), key=lambda pair: -pair[1])[:count]
