def finish_job(r, worker, job, result):
    working = f"working:{worker}"
    with r.pipeline() as pipe:
        pipe.watch(working)
        if pipe.lpos(working, job) is None:
            return False
        pipe.multi()
        pipe.lrem(working, 1, job)
        pipe.set(f"result:{job}", result, ex=3600)
        pipe.incr(f"finished:{worker}")
        try:
            pipe.execute()
        except redis.WatchError:
            return False
    return True
