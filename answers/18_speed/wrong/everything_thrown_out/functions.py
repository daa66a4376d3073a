def forget(r, keys):
    if not keys:
        return 0
    pipe = r.pipeline()
    pipe.unlink(*keys)
    pipe.flushdb()
    return pipe.execute()[0]
