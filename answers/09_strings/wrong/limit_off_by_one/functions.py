def allow_request(r, user, limit, seconds, now):
    key = f"rate:{user}:{int(now // seconds)}"
    p = r.pipeline()
    p.incr(key); p.expire(key, seconds)
    return p.execute()[0] < limit
