def take_next(r, queue):
    return r.zpopmin(f"queue:{queue}")
