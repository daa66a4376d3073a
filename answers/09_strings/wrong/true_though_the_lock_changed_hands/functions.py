def release_lock(r, name, token):
    key = f"lock:{name}"
    with r.pipeline() as pipe:
        pipe.watch(key)
        if pipe.get(key) != token:
            return False
        pipe.multi()
        pipe.delete(key)
        try:
            pipe.execute()
        except redis.WatchError:
            pass
        return True
