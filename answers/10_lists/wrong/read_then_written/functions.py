def give_back(r, queue, worker):
    jobs = r.lrange(f"working:{worker}", 0, -1)
    if jobs:
        r.pipeline().lpush(f"jobs:{queue}", *reversed(jobs)).delete(f"working:{worker}").execute()
    return len(jobs)
