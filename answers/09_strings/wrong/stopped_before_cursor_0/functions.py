def find_keys(r, prefix):
    cursor, found = r.scan(0, match=f"{prefix}*")
    page = found
    while page and cursor:
        cursor, page = r.scan(cursor, match=f"{prefix}*")
        found += page
    return sorted(set(found))
