def tag_article(r, article, tags):
    return r.sadd(f"article:{article}", *tags) if tags else 0
