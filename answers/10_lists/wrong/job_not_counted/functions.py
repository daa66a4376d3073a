def finish_job(r, worker, job, result):
    s = "if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end redis.call('SET', KEYS[2], ARGV[2], 'EX', 3600) return 1"
    return r.eval(s, 2, f"working:{worker}", f"result:{job}", job, result) == 1
