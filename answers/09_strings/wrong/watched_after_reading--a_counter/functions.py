def record_visit(r, page):
    key = f"visits:{page}"
    with r.pipeline() as pipe:
        while True:
            try:
                count = int(r.get(key) or 0) + 1
                pipe.watch(key)
                pipe.multi()
                pipe.set(key, count)
                pipe.execute()
                return count
            except redis.WatchError:
                continue
