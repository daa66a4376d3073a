def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    r.zremrangebyscore(key, "-inf", now - seconds)
    count = r.zcard(key)
    r.zadd(key, {request: now})
    r.expire(key, seconds)
    return count + 1
