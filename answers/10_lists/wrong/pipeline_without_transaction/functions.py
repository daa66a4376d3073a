def view_item(r, user, item):
    k = f"viewed:{user}"
    r.pipeline(transaction=False).lrem(k, 0, item).lpush(k, item).ltrim(k, 0, 9).execute()
