def finish_job(r, worker, job, result):
    if r.rpop(f"working:{worker}") is None: return False
    r.pipeline().set(f"result:{job}", result, ex=3600).incr(f"finished:{worker}").execute()
    return True
