def tag_article(r, article, tags):
    return r.sadd(f"tags:{article}", *tags)
