def allow_request(r, user, limit, seconds, now):
    p = r.pipeline()
    p.incr(f"rate:{user}"); p.expire(f"rate:{user}", seconds)
    return p.execute()[0] <= limit
