def view_item(r, user, item):
    key = f"viewed:{user}"
    r.lrem(key, 0, item)
    r.lpush(key, item)
    r.ltrim(key, 0, 9)
