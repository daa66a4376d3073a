def add_jobs(r, queue, jobs):
    return r.rpush(f"jobs:{queue}", *jobs) if jobs else 0
