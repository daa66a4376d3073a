def add_jobs(r, queue, jobs):
    r.rpush(f"jobs:{queue}", *jobs)
    return r.llen(f"jobs:{queue}")
