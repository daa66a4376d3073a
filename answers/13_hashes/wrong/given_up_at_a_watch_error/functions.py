def claim_name(r, name, user):
    with r.pipeline() as pipe:
        try:
            pipe.watch("names")
            if pipe.hexists("names", name):
                return False
            pipe.multi()
            pipe.hset("names", name, user)
            pipe.execute()
            return True
        except redis.WatchError:
            return False
