def finish_job(r, worker, job, result):
    working = f"working:{worker}"
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch(working)
                if pipe.lpos(working, job) is None:
                    return False
                pipe.lrem(working, 1, job)
                pipe.set(f"result:{job}", result, ex=3600)
                pipe.incr(f"finished:{worker}")
                pipe.execute()
                return True
            except redis.WatchError:
                continue
