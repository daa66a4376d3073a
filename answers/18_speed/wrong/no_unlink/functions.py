def forget(r, keys):
    pipe = r.pipeline()
    for key in keys:
        pipe.expire(key, 0)
    return sum(pipe.execute())
