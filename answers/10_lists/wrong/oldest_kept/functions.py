def view_item(r, user, item):
    key = f"viewed:{user}"
    with r.pipeline() as pipe:
        pipe.lrem(key, 0, item)
        pipe.lpush(key, item)
        pipe.ltrim(key, -10, -1)
        pipe.execute()
