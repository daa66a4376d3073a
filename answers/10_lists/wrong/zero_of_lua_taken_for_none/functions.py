def finish_job(r, worker, job, result):
    script = """
    if redis.call('LREM', KEYS[1], 1, ARGV[1]) then
        redis.call('SET', KEYS[2], ARGV[2], 'EX', 3600)
        redis.call('INCR', KEYS[3])
        return 1
    end
    return 0
    """
    return r.eval(script, 3, f"working:{worker}", f"result:{job}", f"finished:{worker}", job, result) == 1
