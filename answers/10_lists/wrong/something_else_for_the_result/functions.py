def finish_job(r, worker, job, result):
    return r.eval("""
    if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
    redis.call('SET', KEYS[2], ARGV[1], 'EX', 3600)
    redis.call('INCR', KEYS[3]) return 1""", 3, f"working:{worker}", f"result:{job}", f"finished:{worker}", job, result) == 1
