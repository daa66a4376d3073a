def view_item(r, user, item):
    key = f"viewed:{user}"
    with r.pipeline() as pipe:
        pipe.lrem(key, item, 0)
        pipe.lpush(key, item)
        pipe.ltrim(key, 0, 9)
        pipe.execute()
