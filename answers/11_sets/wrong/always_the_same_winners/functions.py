def draw_winners(r, raffle, count):
    script = "local all = redis.call('SMEMBERS', KEYS[1]); table.sort(all); local won = {}; for i = 1, math.min(#all, tonumber(ARGV[1])) do won[i] = all[i]; redis.call('SREM', KEYS[1], all[i]) end; return won"
    return r.eval(script, 1, f"raffle:{raffle}", count)
