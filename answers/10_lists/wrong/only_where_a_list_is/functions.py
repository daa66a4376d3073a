def add_jobs(r, queue, jobs):
    if not jobs: return r.llen(f"jobs:{queue}")
    return r.rpushx(f"jobs:{queue}", *jobs)
