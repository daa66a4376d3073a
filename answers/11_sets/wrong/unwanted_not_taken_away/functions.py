def find_articles(r, wanted, unwanted):
    found = r.sinter([f"tagged:{tag}" for tag in wanted])
    if unwanted:
        found - r.sunion([f"tagged:{tag}" for tag in unwanted])
    return sorted(found)
