def find_keys(r, prefix):
    return list(set(r.scan_iter(match=prefix + "*", count=1000))).sort()
