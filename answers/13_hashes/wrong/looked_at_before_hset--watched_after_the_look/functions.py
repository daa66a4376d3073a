def claim_name(r, name, user):
    with r.pipeline() as pipe:
        while True:
            try:
                if r.hexists("names", name):
                    return False
                pipe.watch("names")
                pipe.multi()
                pipe.hset("names", name, user)
                pipe.execute()
                return True
            except redis.WatchError:
                continue
