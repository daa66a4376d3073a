def change_session(r, token, user):
    script = "if redis.call('EXISTS', KEYS[1]) == 0 then return false end redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL') return 1"
    answer = r.eval(script, 1, f"session:{token}", json.dumps(user))
    return answer and answer == 1
