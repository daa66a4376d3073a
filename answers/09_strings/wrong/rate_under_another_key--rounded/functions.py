def allow_request(r, user, limit, seconds, now):
    key = f"rate:{user}:{round(now / seconds)}"
    with r.pipeline() as pipe:
        count, _ = pipe.incr(key).expire(key, 2 * seconds).execute()
    return count <= limit
