def take_next(r, queue):
    taken = r.zpopmax(f"queue:{queue}")
    return taken[0][0] if taken else None
