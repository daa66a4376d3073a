import time


def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    now = time.time()
    with r.pipeline() as pipe:
        return pipe.zremrangebyscore(key, "-inf", now - seconds).zadd(key, {request: now}).expire(key, seconds).zcard(key).execute()[-1]
