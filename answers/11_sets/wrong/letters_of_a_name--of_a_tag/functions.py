def tag_article(r, article, tags):
    return sum(r.sadd(f"tags:{article}", *t) for t in tags)
