def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    with r.pipeline() as pipe:
        pipe.zremrangebyscore(key, "-inf", now - seconds)
        pipe.zadd(key, {request: now})
        pipe.zcard(key)
        pipe.expire(key, seconds)
        return pipe.execute()[1]
