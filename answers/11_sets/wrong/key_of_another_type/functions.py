def tag_article(r, article, tags):
    return r.rpush(f"tags:{article}", *tags) if tags else 0
