def find_keys(r, prefix):
    return r.scan(0, match=f"{prefix}*", count=500)
