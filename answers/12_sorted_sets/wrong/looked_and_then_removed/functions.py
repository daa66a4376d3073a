def take_next(r, queue):
    jobs = r.zrange(f"queue:{queue}", 0, 0)
    if not jobs:
        return None
    r.zrem(f"queue:{queue}", jobs[0])
    return jobs[0]
