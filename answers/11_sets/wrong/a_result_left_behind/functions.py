def find_articles(r, wanted, unwanted):
    r.sinterstore("found", [f"tagged:{tag}" for tag in wanted])
    return sorted(r.sdiff("found", *[f"tagged:{tag}" for tag in unwanted]))
