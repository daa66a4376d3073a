import uuid


def friends_in_common(r, one, other):
    with r.pipeline() as pipe:
        pipe.sinterstore("shared:tmp", f"friends:{one}", f"friends:{other}")
        pipe.smembers("shared:tmp")
        pipe.delete("shared:tmp")
        return sorted(pipe.execute()[1])


def find_articles(r, wanted, unwanted):
    key = f"found:{uuid.uuid4()}"
    r.sinterstore(key, [f"tagged:{tag}" for tag in wanted])
    try:
        for tag in unwanted:
            r.sdiffstore(key, key, f"tagged:{tag}")
        return sorted(r.smembers(key))
    finally:
        r.delete(key)


def online_among(r, contacts):
    script = r.register_script(
        "local found = {} for _, name in ipairs(ARGV) do if redis.call('SISMEMBER', KEYS[1], name) == 1 then found[#found + 1] = name end end return found"
    )
    return script(keys=["online"], args=contacts)


def draw_winners(r, raffle, count):
    key, winners = f"raffle:{raffle}", []
    while len(winners) < count and (winner := r.spop(key)) is not None:
        winners.append(winner)
    return winners


def week_report(r, days):
    t = f"tmp:{uuid.uuid4()}"
    keys = [f"visitors:{d}" for d in days]
    try:
        a = r.sunionstore(t, keys)
        c = r.sdiffstore(t, keys[-1], *keys[:-1])
    finally:
        r.delete(t)
    return {"visitors": a, "faithful": r.sintercard(len(keys), keys), "new": c}


def week_report(r, days):
    import uuid
    t = f"tmp:{uuid.uuid4()}"
    keys = [f"visitors:{d}" for d in days]
    try:
        a = r.sunionstore(t, keys); c = r.sdiffstore(t, keys[-1], *keys[:-1])
    finally:
        r.delete(t)
    return {"visitors": a, "faithful": r.sintercard(len(keys), keys), "new": c}
