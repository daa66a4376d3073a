def view_item(r, user, item):
    k = f"viewed:{user}"
    old = r.lpos(k, item)
    p = r.pipeline()
    if old is not None: p.lrem(k, 0, item)
    p.lpush(k, item).ltrim(k, 0, 9).execute()
