def find_keys(r, prefix):
    cursor = 0
    while True:
        cursor, page = r.scan(cursor, match=f"{prefix}*", count=1000)
        found = set(page)
        if cursor == 0:
            return sorted(found)
