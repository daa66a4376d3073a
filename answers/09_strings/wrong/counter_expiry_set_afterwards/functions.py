def allow_request(r, user, limit, seconds, now):
    key = f"rate:{user}:{int(now // seconds)}"
    n = r.incr(key)
    if n == 1: r.expire(key, seconds)
    return n <= limit
