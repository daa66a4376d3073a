import os


def connection():
    return redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=None)


def undo(r, document):
    steps = r.rpop(f"steps:{document}", 1)
    return steps[0] if steps else None


def read_page(r, board, page, size):
    return connection().sort(f"board:{board}", start=(page - 1) * size, num=size, by="nosort")


def view_item(r, user, item):
    key = f"viewed:{user}"
    pipe = connection().pipeline()
    pipe.lrem(key, 0, item).ltrim(key, 0, 8).lpush(key, item).execute()


def wait_for_job(r, queue, seconds):
    found = connection().blmpop(seconds, 1, f"jobs:{queue}", direction="LEFT", count=1)
    return None if found is None else found[1][0]


def start_job(r, queue, worker):
    return connection().blmove(f"jobs:{queue}", f"working:{worker}", 0.01)


def give_back(r, queue, worker):
    moved = r.rpoplpush(f"working:{worker}", f"jobs:{queue}")
    return 1 + give_back(r, queue, worker) if moved is not None else 0


def finish_job(r, worker, job, result):
    working = f"working:{worker}"

    def act(pipe):
        there = job in pipe.lrange(working, 0, -1)
        pipe.multi()
        if there:
            pipe.lrem(working, 1, job)
            pipe.setex(f"result:{job}", 3600, result)
            pipe.incr(f"finished:{worker}")
        return there

    return r.transaction(act, working, value_from_callable=True)


def finish_job(r, worker, job, result):
    working = f"working:{worker}"
    def act(pipe):
        there = job in pipe.lrange(working, 0, -1)
        pipe.multi()
        if there:
            pipe.lrem(working, 1, job)
            pipe.setex(f"result:{job}", 3600, result)
            pipe.incr(f"finished:{worker}")
        return there
    return r.transaction(act, working, value_from_callable=True)
