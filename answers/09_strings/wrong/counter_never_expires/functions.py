def allow_request(r, user, limit, seconds, now):
    key = f"rate:{user}:{int(now // seconds)}"
    return r.incr(key) <= limit
