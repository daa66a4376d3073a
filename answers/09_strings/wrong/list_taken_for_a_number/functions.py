def allow_request(r, user, limit, seconds, now):
    key = f"rate:{user}:{int(now // seconds)}"
    with r.pipeline() as pipe:
        pipe.incr(key)
        pipe.expire(key, seconds)
        count = pipe.execute()
    return count <= limit
