def add_jobs(r, queue, jobs):
    n = r.llen(f"jobs:{queue}")
    if jobs: r.rpush(f"jobs:{queue}", *jobs)
    return n + len(jobs)
