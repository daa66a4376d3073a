def tag_article(r, article, tags):
    key = f"tags:{article}"
    before = r.scard(key)
    for tag in tags:
        r.sadd(key, tag)
    return r.scard(key) - before
