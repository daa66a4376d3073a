def add_jobs(r, queue, jobs):
    if jobs: r.rpush(f"jobs:{queue}", *jobs)
    return len(jobs)
