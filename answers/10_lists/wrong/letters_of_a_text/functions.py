def add_jobs(r, queue, jobs):
    return r.rpush(f"jobs:{queue}", *" ".join(jobs))
