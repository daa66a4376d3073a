def find_keys(r, prefix):
    cursor, found = r.scan(0, match=prefix + "*", count=10000)
    return sorted(set(found))
