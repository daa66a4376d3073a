import time


def save_profile(r, user, changes):
    r.hset(f"user:{user}", items=[part for entry in changes.items() for part in entry])


def load_profile(r, user):
    profile = r.hgetall(f"user:{user}")
    if not profile:
        return None
    return profile


def email_of(r, user):
    return r.hmget(f"user:{user}", "email")[0]


def read_fields(r, user, names):
    found = dict(zip(names, r.hmget(f"user:{user}", *names))) if names else {}
    for name in names:
        if found[name] is None:
            del found[name]
    return found


def add_to_cart(r, user, product, count):
    return int(r.hincrbyfloat(f"cart:{user}", product, count))


def pieces_in_cart(r, user):
    return sum(map(int, r.hgetall(f"cart:{user}").values()))


def log_in(r, user, token, seconds):
    r.hsetex(f"user:{user}", mapping={"session": token}, exat=int(time.time()) + seconds)
