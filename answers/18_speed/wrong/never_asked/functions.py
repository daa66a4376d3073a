def biggest_keys(r, count):
    sizes, cursor = {}, 0
    while cursor != 0:
        cursor, keys = r.scan(cursor, count=500)
        for key in keys: sizes[key] = r.memory_usage(key)
    return sorted(sizes.items(), key=lambda p: -p[1])[:count]
