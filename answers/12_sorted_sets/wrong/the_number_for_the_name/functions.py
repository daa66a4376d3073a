def take_next(r, queue):
    taken = r.zpopmin(f"queue:{queue}")
    return taken[0][1] if taken else None
