def feed_page(r, name, page, size):
    length, start = r.llen(f"feed:{name}"), (page - 1) * size
    entries = r.lrange(f"feed:{name}", start, start + size - 1) if start < length else None
    return [entries, -(-length // size)]
