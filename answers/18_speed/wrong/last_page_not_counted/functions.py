def feed_page(r, name, page, size):
    entries = r.lrange(f"feed:{name}", (page - 1) * size, page * size - 1)
    return [entries, r.llen(f"feed:{name}") // size]
