def friends_in_common(r, one, other):
    with r.pipeline() as pipe:
        pipe.sinterstore("shared:tmp", f"friends:{one}", f"friends:{other}")
        pipe.smembers("shared:tmp")
        pipe.delete("shared:tmp")
        return sorted(pipe.execute()[1])


def find_articles(r, wanted, unwanted):
    key = "found:tmp"
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
