def view_item(r, user, item):
    key = f"views:{user}"
    with r.pipeline() as pipe:
        pipe.lrem(key, 0, item).lpush(key, item).ltrim(key, 0, 9).execute()
