def feed_page(r, name, page, size):
    pipe = r.pipeline(transaction=False)
    pipe.lrange(f"feed:{name}", -page * size, -(page - 1) * size - 1)
    pipe.llen(f"feed:{name}")
    entries, length = pipe.execute()
    return [entries, -(-length // size)]
