def tag_article(r, article, tags):
    if tags:
        r.sadd(f"tags:{article}", *tags)
    return len(tags)
