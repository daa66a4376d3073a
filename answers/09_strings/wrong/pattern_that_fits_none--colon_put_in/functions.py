def find_keys(r, prefix):
    return sorted(set(r.scan_iter(match=prefix.rstrip(":") + ":*", count=1000)))
