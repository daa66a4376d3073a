def biggest_keys(r, count):
    sizes, cursor = {}, None
    while cursor != 0:
        cursor, keys = r.scan(cursor or 0, count=200)
        pipe = r.pipeline(transaction=False)
        for key in keys:
            pipe.strlen(key)
        sizes.update(zip(keys, pipe.execute(raise_on_error=False)))
    there = [(key, size) for key, size in sizes.items() if isinstance(size, int)]
    return sorted(there, key=lambda pair: -pair[1])[:count]
