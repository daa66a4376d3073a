def find_keys(r, prefix):
    s = """local c = '0' local out = {} repeat local x = redis.call('SCAN', c, 'MATCH', ARGV[1], 'COUNT', 100) c = x[1]
    for _, k in ipairs(x[2]) do out[#out+1] = k end until c == '0' return out"""
    return sorted(set(r.eval(s, 0, prefix + "*")))
