def finish_job(r, worker, job, result):
    s = "if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end redis.call('SET', KEYS[2], ARGV[2]) redis.call('INCR', KEYS[3]) return 1"
    return r.eval(s, 3, f"working:{worker}", f"result:{job}", f"finished:{worker}", job, result) == 1
