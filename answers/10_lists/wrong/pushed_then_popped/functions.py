def start_job(r, queue, worker):
    job = r.lindex(f"jobs:{queue}", 0)
    if job is not None:
        r.rpush(f"working:{worker}", job)
        r.lpop(f"jobs:{queue}")
    return job
