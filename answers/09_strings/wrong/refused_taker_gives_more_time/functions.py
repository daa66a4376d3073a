def take_lock(r, name, token, seconds):
    pipe = r.pipeline()
    pipe.setnx(f"lock:{name}", token)
    pipe.expire(f"lock:{name}", seconds)
    taken, _ = pipe.execute()
    return bool(taken)
