import os
import time
from datetime import timedelta


def connection():
    return redis.Redis.from_url(os.environ["REDIS_URL"])


def record_visit(r, page):
    return connection().incrby(f"visits:{page}", 1)


def save_session(r, token, user, seconds):
    r.psetex(f"session:{token}", timedelta(seconds=seconds), json.dumps(user, separators=(",", ":")))


def change_session(r, token, user):
    return r.set(f"session:{token}", json.dumps(user).encode(), xx=True, keepttl=True, get=True) is not None


def time_left(r, key):
    end = r.expiretime(key)
    if end == -2:
        return None
    return "for ever" if end < 0 else r.ttl(key)


def read_settings(r, defaults):
    stored = connection().mget("", *(f"setting:{name}" for name in defaults))[1:]
    return {
        name: default if value is None else value.decode() for (name, default), value in zip(defaults.items(), stored)
    }


def take_lock(r, name, token, seconds):
    return r.set(f"lock:{name}", token, nx=True, pxat=int((time.time() + seconds) * 1000)) is True


def find_keys(r, prefix):
    found = set()
    cursor = None
    while cursor != 0:
        cursor, page = r.execute_command("SCAN", cursor or 0, "MATCH", prefix + "*", "COUNT", 7)
        cursor = int(cursor)
        found.update(page)
    return tuple(sorted(found))


def allow_request(r, user, limit, seconds, now):
    w = int(now // seconds)
    with r.pipeline() as p:
        n = p.incr(f"rate:{user}:{w}").expireat(f"rate:{user}:{w}", (w + 1) * seconds).execute()[0]
    return n <= limit
