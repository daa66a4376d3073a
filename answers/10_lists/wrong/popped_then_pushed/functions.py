def start_job(r, queue, worker):
    job = r.lpop(f"jobs:{queue}")
    if job is not None:
        r.rpush(f"working:{worker}", job)
    return job
