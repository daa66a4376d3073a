def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    with r.pipeline(transaction=False) as pipe:
        pipe.zremrangebyscore(key, "-inf", now - seconds).zcard(key).zadd(key, {request: now}).expire(key, seconds)
        return pipe.execute()[1] + 1
