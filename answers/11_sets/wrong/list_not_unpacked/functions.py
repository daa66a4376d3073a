def tag_article(r, article, tags):
    return r.sadd(f"tags:{article}", tags) if tags else 0
