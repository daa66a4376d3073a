def take_next(r, queue):
    key = f"queue:{queue}"
    with r.pipeline() as pipe:
        while True:
            try:
                jobs = r.zrange(key, 0, 0)
                if not jobs:
                    return None
                pipe.watch(key)
                pipe.multi()
                pipe.zrem(key, jobs[0])
                pipe.execute()
                return jobs[0]
            except redis.WatchError:
                continue
