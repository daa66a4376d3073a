def feed_page(r, name, page, size):
    entries, length = r.lrange(f"feed:{name}", (page - 1) * size, page * size - 1), r.llen(f"feed:{name}")
    return entries, -(-length // size) or 1
