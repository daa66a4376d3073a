def add_jobs(r, queue, jobs):
    for job in jobs:
        r.rpush(f"jobs:{queue}", job)
    return r.llen(f"jobs:{queue}")
