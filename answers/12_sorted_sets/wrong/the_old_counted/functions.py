def count_request(r, user, request, now, seconds):
    key = f"window:{user}"
    with r.pipeline() as pipe:
        return pipe.zadd(key, {request: now}).zcard(key).expire(key, seconds).execute()[1]
