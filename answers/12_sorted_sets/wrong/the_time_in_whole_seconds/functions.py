def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    now = int(now)
    with r.pipeline() as pipe:
        return pipe.zremrangebyscore(key, 0, now - seconds).zadd(key, {request: now}).expire(key, seconds).zcard(key).execute()[-1]
