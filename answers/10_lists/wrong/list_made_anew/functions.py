def view_item(r, user, item):
    key = f"viewed:{user}"
    items = [item] + [other for other in r.lrange(key, 0, -1) if other != item]
    with r.pipeline() as pipe:
        pipe.delete(key).rpush(key, *items[:10]).execute()
