def find_keys(r, prefix):
    return sorted(r.keys(f"{prefix}*"))
