def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    with r.pipeline() as pipe:
        pipe.zadd(key, {request: now}).zremrangebyscore(key, 0, f"({now - seconds}").expire(key, seconds).zcard(key)
        return pipe.execute()[-1]
