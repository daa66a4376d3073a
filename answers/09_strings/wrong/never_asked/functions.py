def find_keys(r, prefix):
    c, out = 0, set()
    while c != 0:
        c, page = r.scan(c, match=prefix+"*")
        out |= set(page)
    return sorted(out)
