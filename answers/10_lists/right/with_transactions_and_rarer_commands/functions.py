def read_page(r, board, page, size):
    return r.sort(f"board:{board}", by="nosort", start=(page - 1) * size, num=size)


def undo(r, document):
    got = r.lmpop(1, f"steps:{document}", direction="RIGHT")
    return None if got is None else got[1][0]


def give_back(r, queue, worker):
    move = lambda: r.lmove(f"working:{worker}", f"jobs:{queue}", src="RIGHT", dest="LEFT")
    return sum(1 for _ in iter(move, None))


def wait_for_job(r, queue, seconds):
    match r.blmpop(seconds, 1, f"jobs:{queue}", direction="LEFT"):
        case [_, [job]]:
            return job


def finish_job(r, worker, job, result):
    working = f"working:{worker}"
    def work(pipe):
        there = job in pipe.lrange(working, 0, -1)
        pipe.multi()
        if there:
            pipe.lrem(working, 1, job).setex(f"result:{job}", 3600, result).incr(f"finished:{worker}")
        return there
    return r.transaction(work, working, value_from_callable=True)


class Recent:
    KEEP = 10
    def __init__(self, client, user): self.client, self.key = client, f"viewed:{user}"
    def add(self, item):
        self.client.transaction(lambda p: p.multi() or p.lrem(self.key, -1, item).lpush(self.key, item).ltrim(self.key, 0, self.KEEP - 1))
def view_item(r, user, item):
    Recent(r, user).add(item)
