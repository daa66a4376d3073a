def feed_page(r, name, page, size):
    entries = r.lrange(f"feed:{name}", 0, -1)
    return [entries[(page - 1) * size : page * size], -(-len(entries) // size)]
