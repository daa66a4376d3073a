def view_item(r, user, item):
    k = f"viewed:{user}"
    p = r.pipeline()
    p.lrem(k, 0, item).lpush(k, item)
    if r.llen(k) >= 10: p.rpop(k)
    p.execute()
