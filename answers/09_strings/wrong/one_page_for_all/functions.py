def find_keys(r, prefix):
    return sorted(set(r.scan(0, match=prefix+"*", count=10**9)[1]))
