def view_item(r, user, item):
    key = f"viewed:{user}"
    with r.pipeline() as pipe:
        pipe.lpush(key, item)
        pipe.lrem(key, 0, item)
        pipe.ltrim(key, 0, 9)
        pipe.execute()
