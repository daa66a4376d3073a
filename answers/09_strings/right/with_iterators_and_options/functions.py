from datetime import timedelta


def read_settings(r, defaults):
    found = r.mget(f"setting:{name}" for name in defaults)
    settings = dict(defaults)
    for name, value in zip(settings.copy(), found):
        if value is not None:
            settings[name] = value
    return settings


def release_lock(r, name, token):
    free = r.register_script("""
        local owner = redis.call('get', KEYS[1])
        if owner ~= ARGV[1] then return false end
        redis.call('unlink', KEYS[1])
        return true""")
    return bool(free([f"lock:{name}"], [token]))


def allow_request(r, user, limit, seconds, now):
    window = int(now) // seconds
    key = f"rate:{user}:{window}"
    count, *_ = r.pipeline().incr(key).expireat(key, (window + 1) * seconds + 1, nx=True).execute()
    return not count > limit


def time_left(r, key):
    match r.ttl(key):
        case -2: return None
        case -1: return "for ever"
        case left: return left


def save_session(r, token, user, seconds):
    r.set(f"session:{token}", json.dumps(user, ensure_ascii=False), px=timedelta(seconds=seconds))


def find_keys(r, prefix):
    return sorted({key for key in r.scan_iter(count=5000) if key.startswith(prefix)})
