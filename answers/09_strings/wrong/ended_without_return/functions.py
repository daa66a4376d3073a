def allow_request(r, user, limit, seconds, now):
    key = f"rate:{user}:{int(now // seconds)}"
    with r.pipeline() as pipe:
        count, _ = pipe.incr(key).expire(key, seconds).execute()
    if count > limit:
        return False
