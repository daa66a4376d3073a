def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    with r.pipeline() as pipe:
        return pipe.zremrangebyscore(key, "-inf", now - seconds).expire(key, seconds).zadd(key, {request: now}).zcard(key).execute()[-1]
