def tag_article(r, article, tags):
    new = len(set(tags) - r.smembers(f"tags:{article}"))
    if tags:
        r.sadd(f"tags:{article}", ",".join(tags))
    return new
