def biggest_keys(r, count):
    keys = list(r.scan_iter(count=500))
    pipe = r.pipeline(transaction=False)
    for key in keys: pipe.strlen(key)
    return sorted(zip(keys, pipe.execute()), key=lambda p: -p[1])[:count]
