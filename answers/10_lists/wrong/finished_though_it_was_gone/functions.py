def finish_job(r, worker, job, result):
    if r.lpos(f"working:{worker}", job) is None: return False
    r.pipeline().lrem(f"working:{worker}", 1, job).set(f"result:{job}", result, ex=3600).incr(f"finished:{worker}").execute()
    return True
