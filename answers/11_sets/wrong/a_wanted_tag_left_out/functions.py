def find_articles(r, wanted, unwanted):
    found = r.sinter(f"tagged:{wanted[0]}", f"tagged:{wanted[-1]}")
    for tag in unwanted:
        found -= r.smembers(f"tagged:{tag}")
    return sorted(found)
