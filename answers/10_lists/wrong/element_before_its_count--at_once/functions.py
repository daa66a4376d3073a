def finish_job(r, worker, job, result):
    if not r.lrem(f"working:{worker}", job, 1):
        return False
    r.pipeline().set(f"result:{job}", result, ex=3600).incr(f"finished:{worker}").execute()
    return True
