def find_articles(r, wanted, unwanted):
    r.sinterstore("tmp", [f"tagged:{t}" for t in wanted])
    out = r.sdiff(["tmp", *(f"tagged:{t}" for t in unwanted)])
    r.delete("tmp")
    return sorted(out)
