def friends_in_common(r, one, other):
    return sorted(r.eval("return redis.call('SINTER', KEYS[1], KEYS[2])", 2, f"friends:{one}", f"friends:{other}"))


def move_ticket(r, ticket, before, after):
    script = "if redis.call('SREM', KEYS[1], ARGV[1]) == 1 then redis.call('SADD', KEYS[2], ARGV[1]) return 1 end return 0"
    return r.eval(script, 2, f"state:{before}", f"state:{after}", ticket) == 1


def draw_winners(r, raffle, count):
    script = "local won = redis.call('SRANDMEMBER', KEYS[1], ARGV[1]); for _, name in ipairs(won) do redis.call('SREM', KEYS[1], name) end; return won"
    return r.eval(script, 1, f"raffle:{raffle}", count)
