def find_keys(r, prefix):
    return sorted(r.scan(0, match=f"{prefix}*")[1])
