def feed_page(r, name, page, size):
    entries = r.lrange(f"feed:{name}", page * size, (page + 1) * size - 1)
    return [entries, -(-r.llen(f"feed:{name}") // size)]
