def find_articles(r, wanted, unwanted):
    found = r.sinter([f"tagged:{tag}" for tag in wanted])
    for tag in unwanted:
        found = r.sdiff(found, f"tagged:{tag}")
    return sorted(found)
