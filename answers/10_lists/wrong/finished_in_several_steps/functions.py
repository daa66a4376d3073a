def finish_job(r, worker, job, result):
    if r.lrem(f"working:{worker}", 1, job):
        r.set(f"result:{job}", result, ex=3600)
        r.incr(f"finished:{worker}")
        return True
    return False
