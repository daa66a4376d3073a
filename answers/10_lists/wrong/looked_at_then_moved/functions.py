def start_job(r, queue, worker):
    job = r.lindex(f"jobs:{queue}", 0)
    if job is not None:
        r.pipeline().lpop(f"jobs:{queue}").rpush(f"working:{worker}", job).execute()
    return job
