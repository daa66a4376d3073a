def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    return r.pipeline().zremrangebyscore(key, 0, now - seconds).zadd(key, {request: now}).zcard(key).expire(key, int(now) + seconds).execute()[2]
