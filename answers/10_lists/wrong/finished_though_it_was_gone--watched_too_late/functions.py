def finish_job(r, worker, job, result):
    with r.pipeline() as pipe:
        while True:
            if r.lpos(f"working:{worker}", job) is None: return False
            pipe.watch(f"working:{worker}")
            pipe.multi()
            pipe.lrem(f"working:{worker}", 1, job).set(f"result:{job}", result, ex=3600).incr(f"finished:{worker}")
            try: pipe.execute()
            except redis.WatchError: continue
            return True
