def tag_article(r, article, tags):
    if not tags:
        r.delete(f"tags:{article}")
        return 0
    return r.sadd(f"tags:{article}", *tags)
