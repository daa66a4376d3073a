def start_job(r, queue, worker):
    job = r.lmove(f"jobs:{queue}", f"working:{worker}", "LEFT", "RIGHT")
    if job is not None:
        r.lrem(f"working:{worker}", 1, job)
    return job
