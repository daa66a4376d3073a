def add_jobs(r, queue, jobs):
    return r.lpush(f"jobs:{queue}", *jobs) if jobs else r.llen(f"jobs:{queue}")
