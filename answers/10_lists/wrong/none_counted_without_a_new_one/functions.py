def add_jobs(r, queue, jobs):
    if not jobs:
        return r.llen(queue)
    return r.rpush(f"jobs:{queue}", *jobs)
