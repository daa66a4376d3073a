def add_jobs(r, queue, jobs):
    if not jobs:
        return r.llen(f"jobs:{queue}")
    return r.rpush(f"jobs:{queue}", *sorted(jobs))
