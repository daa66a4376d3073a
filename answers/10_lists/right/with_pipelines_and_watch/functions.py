def again(r, keys, act):
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch(*keys)
                answer = act(pipe)
                pipe.execute()
                return answer
            except redis.WatchError:
                continue


def add_jobs(r, queue, jobs):
    with r.pipeline() as pipe:
        for job in jobs:
            pipe.rpush(f"jobs:{queue}", job)
        pipe.llen(f"jobs:{queue}")
        return pipe.execute()[-1]


def undo(r, document):
    key = f"steps:{document}"
    step, _ = r.pipeline().lrange(key, -1, -1).ltrim(key, 0, -2).execute()
    return step[0] if step else None


def read_page(r, board, page, size):
    with r.pipeline(transaction=False) as pipe:
        for index in range((page - 1) * size, page * size):
            pipe.lindex(f"board:{board}", index)
        return [entry for entry in pipe.execute() if entry is not None]


def view_item(r, user, item):
    key = f"viewed:{user}"

    def act(pipe):
        items = [item, *(other for other in pipe.lrange(key, 0, -1) if other != item)][:10]
        pipe.multi()
        pipe.delete(key)
        pipe.rpush(key, *items)

    again(r, [key], act)


def queue_song(r, party, song, after):
    key = f"songs:{party}"

    def act(pipe):
        songs = pipe.lrange(key, 0, -1)
        pipe.multi()
        if after not in songs:
            return False
        songs.insert(songs.index(after) + 1, song)
        pipe.delete(key)
        pipe.rpush(key, *songs)
        return True

    return again(r, [key], act)


def wait_for_job(r, queue, seconds):
    job = r.lpop(f"jobs:{queue}")
    if job is not None:
        return job
    return (r.blpop([f"jobs:{queue}"], seconds) or (None, None))[1]


def start_job(r, queue, worker):
    def act(pipe):
        job = pipe.lindex(f"jobs:{queue}", 0)
        pipe.multi()
        if job is not None:
            pipe.lpop(f"jobs:{queue}")
            pipe.rpush(f"working:{worker}", job)
        return job

    return again(r, [f"jobs:{queue}"], act)


def give_back(r, queue, worker):
    def act(pipe):
        jobs = pipe.lrange(f"working:{worker}", 0, -1)
        pipe.multi()
        if jobs:
            pipe.lpush(f"jobs:{queue}", *jobs[::-1])
            pipe.delete(f"working:{worker}")
        return len(jobs)

    return again(r, [f"working:{worker}"], act)


def finish_job(r, worker, job, result):
    working = f"working:{worker}"
    with r.pipeline() as pipe:
        try:
            pipe.watch(working)
            if pipe.lpos(working, job) is None:
                return False
            pipe.multi()
            pipe.lrem(working, -1, job).set(f"result:{job}", result).expire(f"result:{job}", 3600).incr(
                f"finished:{worker}"
            )
            pipe.execute()
            return True
        except redis.WatchError:
            return finish_job(r, worker, job, result)


def finish_job(r, worker, job, result):
    working = f"working:{worker}"
    with r.pipeline() as pipe:
        try:
            pipe.watch(working)
            if pipe.lpos(working, job) is None:
                return False
            pipe.multi()
            pipe.lrem(working, -1, job).set(f"result:{job}", result).expire(f"result:{job}", 3600).incr(f"finished:{worker}")
            pipe.execute()
            return True
        except redis.WatchError:
            return finish_job(r, worker, job, result)
