def release_lock(r, name, token):
    key = f"lock:{name}"
    if r.get(key) != token:
        return False
    with r.pipeline() as pipe:
        try:
            pipe.watch(key)
            pipe.multi()
            pipe.delete(key)
            pipe.execute()
            return True
        except redis.WatchError:
            return False
