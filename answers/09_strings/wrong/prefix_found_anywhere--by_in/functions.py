def find_keys(r, prefix):
    return sorted({key for key in r.scan_iter(count=500) if prefix in key})
