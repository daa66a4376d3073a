import time


def allow_request(r, user, limit, seconds, now):
    key = f"rate:{user}:{int(time.time() // seconds)}"
    with r.pipeline() as pipe:
        count, _ = pipe.incr(key).expire(key, seconds).execute()
    return count <= limit
