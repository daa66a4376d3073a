def take_next(r, queue):
    taken = r.zpopmin(f"queue:{queue}", 1)
    return taken[0][0] if taken else taken
