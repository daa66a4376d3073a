def tag_article(r, article, tags):
    r.delete(f"tags:{article}")
    return r.sadd(f"tags:{article}", *tags) if tags else 0
