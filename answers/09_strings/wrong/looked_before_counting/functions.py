def allow_request(r, user, limit, seconds, now):
    key = f"rate:{user}:{int(now // seconds)}"
    if int(r.get(key) or 0) >= limit: return False
    r.pipeline().incr(key).expire(key, seconds).execute()
    return True
