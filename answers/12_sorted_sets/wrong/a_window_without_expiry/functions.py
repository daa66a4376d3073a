def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    with r.pipeline() as pipe:
        pipe.zremrangebyscore(key, "-inf", now - seconds).zadd(key, {request: now}).zcard(key)
        return pipe.execute()[-1]
