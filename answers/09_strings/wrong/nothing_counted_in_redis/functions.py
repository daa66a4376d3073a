seen = {}
def record_visit(r, page):
    seen[page] = seen.get(page, 0) + 1
    return seen[page]
