def take_next(r, queue):
    key = f"queue:{queue}"
    first, _ = r.pipeline(transaction=False).zrange(key, 0, 0).zremrangebyrank(key, 0, 0).execute()
    return first[0] if first else None
