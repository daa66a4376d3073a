def add_jobs(r, queue, jobs):
    if not jobs:
        return
    return r.rpush(f"jobs:{queue}", *jobs)
