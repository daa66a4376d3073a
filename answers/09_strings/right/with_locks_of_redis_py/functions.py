def record_visit(r, page):
    r.set(f"visits:{page}", 0, nx=True)
    return r.incr(f"visits:{page}")


def save_session(r, token, user, seconds):
    r.set(f"new:{token}", json.dumps(user), px=round(seconds * 1000))
    r.rename(f"new:{token}", f"session:{token}")


def time_left(r, key):
    left = r.pttl(key)
    if left == -2:
        return None
    return "for ever" if left == -1 else left // 1000


def take_lock(r, name, token, seconds):
    return r.lock(f"lock:{name}", timeout=seconds).acquire(blocking=False, token=token)


def release_lock(r, name, token):
    lock = r.lock(f"lock:{name}")
    lock.local.token = token.encode()
    try:
        lock.release()
        return True
    except redis.exceptions.LockError:
        return False


def find_keys(r, prefix):
    return sorted({key for key in r.scan_iter(count=5000) if key.startswith(prefix)})


def allow_request(r, user, limit, seconds, now):
    key = f"rate:{user}:{int(now) // seconds}"
    p = r.pipeline()
    p.set(key, 0, nx=True, ex=2 * seconds)
    p.incr(key)
    return p.execute()[-1] <= limit
