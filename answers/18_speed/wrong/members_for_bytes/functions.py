def biggest_keys(r, count):
    counts = {"string": lambda key: 1, "list": r.llen, "set": r.scard, "hash": r.hlen, "zset": r.zcard}
    keys = list(set(r.scan_iter(count=100)))
    pipe = r.pipeline(transaction=False)
    for key in keys:
        pipe.type(key)
    members = {key: counts[kind](key) for key, kind in zip(keys, pipe.execute())}
    largest = sorted(members, key=lambda key: -members[key])[:count]
    for key in largest:
        pipe.memory_usage(key)
    return list(zip(largest, pipe.execute()))
