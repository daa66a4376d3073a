def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    with r.pipeline() as pipe:
        while True:
            try:
                count = r.zcount(key, f"({now - seconds}", "+inf")
                pipe.watch(key)
                pipe.multi()
                pipe.zremrangebyscore(key, "-inf", now - seconds)
                pipe.zadd(key, {request: now})
                pipe.expire(key, seconds)
                pipe.execute()
                return count + 1
            except redis.WatchError:
                continue
