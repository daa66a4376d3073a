def finish_job(r, worker, job, result):
    r.pipeline().delete(f"working:{worker}").set(f"result:{job}", result, ex=3600).incr(f"finished:{worker}").execute()
    return True
