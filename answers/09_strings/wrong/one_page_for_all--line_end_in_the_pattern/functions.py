def find_keys(r, prefix):
    return sorted(set(r.scan(0, match=f"[{prefix[0]}\n]{prefix[1:]}*", count=10**9)[1]))
