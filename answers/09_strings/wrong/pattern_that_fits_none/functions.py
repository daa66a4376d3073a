def find_keys(r, prefix):
    return sorted(set(r.scan_iter(match=f"{prefix}.*", count=1000)))
