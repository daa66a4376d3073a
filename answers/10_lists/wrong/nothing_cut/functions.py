def view_item(r, user, item):
    k = f"viewed:{user}"
    r.pipeline().lrem(k, 0, item).lpush(k, item).execute()
