def view_item(r, user, item):
    with r.pipeline() as pipe:
        pipe.lrem(f"viewed:{user}", 0, item).lpush(f"viewed:{user}", item).ltrim(f"viewed:{user}", 10, -1).execute()
