def tag_article(r, article, tags):
    key = f"tags:{article}"
    new = [tag for tag in tags if not r.sismember(key, tag)]
    if new:
        r.sadd(key, *new)
    return len(new)
