def record_visit(r, page):
    key = f"visits:{page}"
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch(key)
                count = int(pipe.get(key) or 0) + 1
                pipe.multi()
                pipe.set(key, count)
                pipe.execute()
                return count
            except redis.WatchError:
                continue


def save_session(r, token, user, seconds):
    key = f"session:{token}"
    with r.pipeline() as pipe:
        pipe.set(key, json.dumps(user, ensure_ascii=False))
        pipe.pexpire(key, round(seconds * 1000))
        pipe.execute()


def change_session(r, token, user):
    key = f"session:{token}"
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch(key)
                left = pipe.pttl(key)
                if left == -2:
                    return False
                pipe.multi()
                pipe.set(key, json.dumps(user, indent=1), px=left)
                pipe.execute()
                return True
            except redis.WatchError:
                continue


def time_left(r, key):
    with r.pipeline() as pipe:
        there, seconds = pipe.exists(key).ttl(key).execute()
    if not there:
        return None
    return seconds if seconds >= 0 else "for ever"


def read_settings(r, defaults):
    with r.pipeline(transaction=False) as pipe:
        for name in defaults:
            pipe.get(f"setting:{name}")
        return {
            name: value if value is not None else default
            for (name, default), value in zip(defaults.items(), pipe.execute())
        }


def take_lock(r, name, token, seconds):
    key = f"lock:{name}"
    with r.pipeline() as pipe:
        try:
            pipe.watch(key)
            if pipe.get(key) is not None:
                return False
            pipe.multi()
            pipe.set(key, token)
            pipe.expire(key, seconds)
            pipe.execute()
            return True
        except redis.WatchError:
            return False


def release_lock(r, name, token):
    key = f"lock:{name}"
    with r.pipeline() as pipe:
        try:
            pipe.watch(key)
            if pipe.get(key) != token:
                return False
            pipe.multi()
            pipe.delete(key)
            return pipe.execute() == [1]
        except redis.WatchError:
            return False


def allow_request(r, user, limit, seconds, now):
    key = f"rate:{user}:{int(now // seconds)}"
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch(key)
                n = int(pipe.get(key) or 0)
                if n >= limit:
                    return False
                pipe.multi()
                pipe.set(key, n + 1, ex=seconds)
                pipe.execute()
                return True
            except redis.WatchError:
                pass
