def take_next(r, queue):
    jobs = r.zrange(f"queue:{queue}", 0, 0)
    return jobs[0] if jobs else None
