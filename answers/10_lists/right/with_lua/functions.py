def add_jobs(r, queue, jobs):
    script = "for _, job in ipairs(ARGV) do redis.call('RPUSH', KEYS[1], job) end return redis.call('LLEN', KEYS[1])"
    return r.eval(script, 1, f"jobs:{queue}", *jobs)


def undo(r, document):
    script = "local step = redis.call('LINDEX', KEYS[1], -1) redis.call('LTRIM', KEYS[1], 0, -2) return step"
    return r.eval(script, 1, f"steps:{document}")


def view_item(r, user, item):
    script = "redis.call('LREM', KEYS[1], 1, ARGV[1]) redis.call('LPUSH', KEYS[1], ARGV[1]) redis.call('LTRIM', KEYS[1], 0, 9)"
    r.eval(script, 1, f"viewed:{user}", item)


def queue_song(r, party, song, after):
    return r.eval(
        "return redis.call('LINSERT', KEYS[1], 'AFTER', ARGV[1], ARGV[2])", 1, f"songs:{party}", after, song
    ) not in (0, -1)


def start_job(r, queue, worker):
    script = "local job = redis.call('LPOP', KEYS[1]) if job then redis.call('RPUSH', KEYS[2], job) end return job"
    return r.eval(script, 2, f"jobs:{queue}", f"working:{worker}")


def give_back(r, queue, worker):
    script = "local jobs = redis.call('LRANGE', KEYS[1], 0, -1) for i = #jobs, 1, -1 do redis.call('LPUSH', KEYS[2], jobs[i]) end redis.call('DEL', KEYS[1]) return #jobs"
    return r.eval(script, 2, f"working:{worker}", f"jobs:{queue}")


def finish_job(r, worker, job, result):
    s = "if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end redis.call('SET', KEYS[2], ARGV[2], 'EX', 3600) redis.call('INCR', KEYS[3]) return 1"
    return r.eval(s, 3, f"working:{worker}", f"result:{job}", f"finished:{worker}", job, result) == 1
