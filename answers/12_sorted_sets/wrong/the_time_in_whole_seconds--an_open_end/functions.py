def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    now = round(now)
    with r.pipeline() as pipe:
        return pipe.zremrangebyscore(key, 0, f"({now - seconds}").zadd(key, {request: now}).expire(key, seconds).zcard(key).execute()[-1]
