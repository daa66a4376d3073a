def take_next(r, queue):
    [(job, _)] = r.zpopmin(f"queue:{queue}")
    return job
