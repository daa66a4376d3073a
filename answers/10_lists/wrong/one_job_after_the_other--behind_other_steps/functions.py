def add_jobs(r, queue, jobs):
    key = f"jobs:{queue}"
    for job in jobs:
        r.lpos(key, job)
    for job in jobs:
        r.rpush(key, job)
    return r.llen(key)
