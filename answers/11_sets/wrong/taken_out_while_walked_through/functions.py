def find_articles(r, wanted, unwanted):
    found = sorted(r.sinter([f"tagged:{t}" for t in wanted]))
    bad = set()
    for tag in unwanted:
        bad |= r.smembers(f"tagged:{tag}")
    for article in found:
        if article in bad:
            found.remove(article)
    return found
