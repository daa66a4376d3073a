def take_next(r, queue):
    taken = r.zpopmin(f"queue:{queue}")
    for name in taken:
        return name
