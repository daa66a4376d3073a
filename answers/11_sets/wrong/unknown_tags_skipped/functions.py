def find_articles(r, wanted, unwanted):
    keys = [f"tagged:{tag}" for tag in wanted]
    found = r.sinter([key for key in keys if r.exists(key)])
    return sorted(found.difference(*(r.smembers(f"tagged:{tag}") for tag in unwanted)))
