def take_next(r, queue):
    key = f"queue:{queue}"
    jobs = r.zrange(key, 0, 0)
    return jobs[0] if jobs and r.zrem(key, jobs[0]) else None
