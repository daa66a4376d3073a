def find_articles(r, wanted, unwanted):
    found = set()
    for tag in wanted:
        articles = r.smembers(f"tagged:{tag}")
        found = found & articles if found else articles
    for tag in unwanted:
        found = found - r.smembers(f"tagged:{tag}")
    return sorted(found)
