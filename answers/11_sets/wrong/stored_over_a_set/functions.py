def find_articles(r, wanted, unwanted):
    first = f"tagged:{wanted[0]}"
    r.sinterstore(first, [f"tagged:{tag}" for tag in wanted])
    return sorted(r.sdiff(first, *[f"tagged:{tag}" for tag in unwanted]))
