def friends_in_common(r, one, other):
    return sorted(r.eval("return redis.call('SINTER', KEYS[1], KEYS[2])", 2, f"friends:{one}", f"friends:{other}"))


def move_ticket(r, ticket, before, after):
    script = (
        "if redis.call('SREM', KEYS[1], ARGV[1]) == 1 then redis.call('SADD', KEYS[2], ARGV[1]) return 1 end return 0"
    )
    return r.eval(script, 2, f"state:{before}", f"state:{after}", ticket) == 1


def draw_winners(r, raffle, count):
    script = "local won = redis.call('SRANDMEMBER', KEYS[1], ARGV[1]); for _, name in ipairs(won) do redis.call('SREM', KEYS[1], name) end; return won"
    return r.eval(script, 1, f"raffle:{raffle}", count)


def week_report(r, days):
    s = """local last = table.remove(KEYS) local rest = {last, unpack(KEYS)}
    return {#redis.call('SUNION', unpack(rest)), #redis.call('SINTER', unpack(rest)), #redis.call('SDIFF', unpack(rest))}"""
    a, b, c = r.eval(s, len(days), *(f"visitors:{d}" for d in days))
    return {"visitors": a, "faithful": b, "new": c}


def online_among(r, contacts):
    s = """local on = {} for _, m in ipairs(redis.call('SMEMBERS', KEYS[1])) do on[m] = true end
    local out = {} for _, c in ipairs(ARGV) do if on[c] then out[#out+1] = c end end return out"""
    return r.eval(s, 1, "online", *contacts)
