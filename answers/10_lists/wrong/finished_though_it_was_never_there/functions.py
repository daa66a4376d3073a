def finish_job(r, worker, job, result):
    with r.pipeline() as pipe:
        pipe.lrem(f"working:{worker}", 1, job)
        pipe.set(f"result:{job}", result, ex=3600)
        pipe.incr(f"finished:{worker}")
        gone, *_ = pipe.execute()
    return gone == 1
