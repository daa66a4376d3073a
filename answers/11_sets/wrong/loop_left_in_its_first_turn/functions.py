def tag_article(r, article, tags):
    for tag in tags:
        return r.sadd(f"tags:{article}", tag)
    return 0
