def view_item(r, user, item):
    k = f"viewed:{user}"
    with r.pipeline() as p:
        p.lrem(k, 0, item); p.lpush(k, item); p.ltrim(k, 0, 9)
