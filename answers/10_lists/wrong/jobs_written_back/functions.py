def add_jobs(r, queue, jobs):
    all = r.lrange(f"jobs:{queue}", 0, -1) + jobs
    r.delete(f"jobs:{queue}")
    r.rpush(f"jobs:{queue}", *all)
    return len(all)
