def find_articles(r, wanted, unwanted):
    return sorted(r.sinter([f"tagged:{t}" for t in wanted]) - r.sunion([f"tagged:{t}" for t in unwanted]))
