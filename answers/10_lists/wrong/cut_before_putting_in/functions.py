def view_item(r, user, item):
    k = f"viewed:{user}"
    r.pipeline().lrem(k, 0, item).ltrim(k, 0, 9).lpush(k, item).execute()
