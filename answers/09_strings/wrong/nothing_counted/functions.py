hits = {}
def allow_request(r, user, limit, seconds, now):
    key = (user, int(now // seconds))
    hits[key] = hits.get(key, 0) + 1
    return hits[key] <= limit
