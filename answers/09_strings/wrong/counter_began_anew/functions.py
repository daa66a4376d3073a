def allow_request(r, user, limit, seconds, now):
    key = f"rate:{user}:{int(now // seconds)}"
    r.set(key, 0, nx=True, ex=seconds)
    return r.incr(key) <= limit
