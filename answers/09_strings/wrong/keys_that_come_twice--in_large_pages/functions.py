def find_keys(r, prefix):
    return sorted(r.scan_iter(match=f"{prefix}*", count=1000))
