def record_visit(r, page):
    return f"You are visitor number {r.incr(f'visits:{page}')}"
