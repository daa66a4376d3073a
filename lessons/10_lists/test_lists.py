"""Lesson 10: lists, a row with two ends: queue, stack, recent items, and a queue that loses no job."""

import time

from workshop.grader import about, expect, one_of, rests_on, until, wanted


def elements(redis, key):
    """The elements of the list `key`, from left to right."""
    return redis.lrange(key, 0, -1)


def counts(redis, jobs, *keys):
    """How often each of the jobs is in the lists `keys`, all together."""
    return {job: sum(elements(redis, key).count(job) for key in keys) for job in jobs}


def waiting(redis, call=None, others=0):
    """How many clients wait in Redis for an element, beside `others`; with a call, once it does or 2.5 s are over."""
    until(lambda: not call or waiting(redis) > others or call.is_done(0.01), 2.5, pause=0)
    return redis.info("clients")["blocked_clients"] - others


def test_add_jobs_keeps_the_order(notebook, redis, some):
    """add_jobs puts the jobs at the end of the queue, in their order"""
    queue, *jobs = some.words(11)
    redis.rpush(f"jobs:{queue}", *jobs[:2])
    notebook.add_jobs(queue, jobs[2:])
    expect(elements(redis, f"jobs:{queue}"), jobs)


@rests_on("test_add_jobs_keeps_the_order")
def test_add_jobs_counts_the_waiting(notebook, redis, some):
    """add_jobs returns how many jobs are waiting then, also if there are no jobs to add"""
    queue, jobs = some.word(), some.words(7)
    expect(notebook.add_jobs(queue, jobs[:4]), 4)
    expect(notebook.add_jobs(queue, jobs[4:]), 7)
    expect(notebook.add_jobs(queue, []), 7)
    for at in notebook.steps():
        queue, theirs = some.word(12), []
        redis.rpush(f"jobs:{queue}", *jobs)
        with notebook.rival(lambda: theirs.append(redis.rpush(f"jobs:{queue}", "theirs")), at=at):
            beside = notebook.add_jobs(queue, jobs[:2])
        expect(beside, one_of(9, 10) if theirs > [8] else 9 + len(theirs))  # [8]: theirs came before ours


@rests_on("test_add_jobs_keeps_the_order")
def test_add_jobs_keeps_them_together(notebook, redis, some):
    """add_jobs lets no job of another program come between its own"""
    key, jobs = f"jobs:{(queue := some.word())}", some.words(4)
    for at in notebook.steps():  # each time behind those of the time before
        with notebook.rival(lambda: redis.rpush(key, "theirs"), at=at):
            notebook.add_jobs(queue, jobs)
        expect(elements(redis, key)[-5:], one_of(["theirs", *jobs], [*jobs, "theirs"], [jobs[-1], *jobs]))


def test_undo_takes_the_last(notebook, redis, some):
    """undo takes the last step off and returns it, or None if there is no step"""
    document, steps = some.word(), ["", *some.words(3)]
    redis.rpush(f"steps:{document}", *steps)
    with notebook.counted() as seen:
        step = notebook.undo(document)
    expect(step, steps[3])
    expect(elements(redis, f"steps:{document}"), steps[:3])
    expect([notebook.undo(document) for _ in range(4)], [steps[2], steps[1], "", None])


@rests_on("test_undo_takes_the_last")
def test_undo_never_twice(notebook, redis, some):
    """undo never undoes a step that another window undoes at the same moment"""
    for at in notebook.steps():
        key, steps, theirs = f"steps:{(document := some.word(12))}", some.words(5), []
        redis.rpush(key, *steps)
        with notebook.rival(lambda: theirs.append(redis.rpop(key)), at=at):
            mine = notebook.undo(document)
        expect(sorted([*elements(redis, key), mine, *theirs], key=str), sorted(steps))


def test_read_page_reads(notebook, redis, some):
    """read_page returns the entries of a page, as many as there are"""
    board, entries = some.word(), some.words(23)
    redis.rpush(f"board:{board}", *entries)
    expect(notebook.read_page(board, 2, 5), entries[5:10])
    expect(notebook.read_page(board, 1, 1), entries[:1])
    expect(notebook.read_page(board, 3, 10), entries[20:])
    expect(notebook.read_page(board, 9, 10), [])


def test_read_page_fetches_one_page(notebook, redis, some):
    """read_page fetches this page only, however long the list is"""
    board = some.word()
    redis.rpush(f"board:{board}", *(f"{number}: {'x' * 60}" for number in range(2000)))
    for page in (3, 180):
        with notebook.counted() as seen:
            notebook.read_page(board, page, 10)
        expect(seen.bytes, wanted("about 700 bytes from Redis, at most 3000", lambda sent: sent <= 3000))


def test_view_item_newest_first(notebook, redis, some):
    """view_item puts the item at the front"""
    user, items = some.word(), some.words(3)
    with notebook.counted() as seen:
        for item in items:
            notebook.view_item(user, item)
    expect(elements(redis, f"viewed:{user}"), items[::-1])


@rests_on("test_view_item_newest_first")
def test_view_item_keeps_ten(notebook, redis, some):
    """view_item keeps the ten newest"""
    user, items = some.word(), some.words(12)
    redis.lpush(f"viewed:{user}", *items[:10])
    notebook.view_item(user, items[10])
    with notebook.counted() as seen:
        notebook.view_item(user, items[11])
    expect(elements(redis, f"viewed:{user}"), items[:1:-1])


@rests_on("test_view_item_newest_first")
def test_view_item_has_each_once(notebook, redis, some):
    """view_item has each item once: seen again, it moves to the front"""
    user, items = some.word(), some.words(5)
    redis.rpush(f"viewed:{user}", *items)
    notebook.view_item(user, items[3])
    expect(elements(redis, f"viewed:{user}"), [items[3], *items[:3], items[4]])


@rests_on("test_view_item_keeps_ten", "test_view_item_has_each_once")
def test_view_item_in_one_step(notebook, redis, some):
    """view_item does it in one step: at no moment is the list too long, or without the item"""
    for place in (4, 10):  # in the list already, and new
        key, items = f"viewed:{(user := some.word())}", some.words(11)
        redis.rpush(key, *items[:10])
        item, moments = items[place], [items[:10]]
        with notebook.rival(lambda key=key, moments=moments: moments.append(elements(redis, key)), before="every"):
            notebook.view_item(user, item)
        moments.append(elements(redis, key))
        expect(moments, wanted("ten items at most, at each moment", lambda moments: max(map(len, moments)) <= 10))
        there = [item in moment for moment in moments]
        expect(there, wanted("the item in the list all the time", lambda there: place == 10 or all(there)))


@rests_on("test_view_item_in_one_step")
def test_view_item_loses_none(notebook, redis, some):
    """view_item loses no item that another window shows at the same moment"""
    mine, other, *old = some.words(11)
    for at, theirs in notebook.steps(other, mine):  # mine: the same item
        key, was = f"viewed:{(user := some.word(12))}", []
        redis.rpush(key, *old)
        with notebook.rival(lambda: was.append(redis.lpos(key, mine)) or redis.lpush(key, theirs), at=at) as seen:
            notebook.view_item(user, mine)
        ours = [mine, theirs, *old] if was and theirs == other else [mine, *old]
        both = wanted("both items", lambda found: {mine, theirs} <= {*found})
        expect(elements(redis, key), ours[:10] if was in ([], [None]) else both)


def test_queue_song_comes_after(notebook, redis, some):
    """queue_song puts the song right after the other song, the first of them if it is there twice"""
    party, song, *songs = some.words(6)
    songs.append(songs[1])
    redis.rpush(f"songs:{party}", *songs)
    with notebook.counted() as seen:
        notebook.queue_song(party, song, songs[1])
    expect(elements(redis, f"songs:{party}"), [*songs[:2], song, *songs[2:]])


@rests_on("test_queue_song_comes_after")
def test_queue_song_tells_whether(notebook, redis, some):
    """queue_song returns True if it found the other song, else False and changes nothing"""
    party, no_party, song, missing, *songs = some.words(7)
    redis.rpush(f"songs:{party}", *songs)
    expect(notebook.queue_song(party, song, songs[0]), True)
    found = notebook.queue_song(party, song, missing)
    expect(elements(redis, f"songs:{party}"), [songs[0], song, *songs[1:]])
    expect(found, False)
    expect((notebook.queue_song(no_party, song, missing), redis.exists(f"songs:{no_party}")), (False, 0))


@rests_on("test_queue_song_tells_whether")
def test_queue_song_brings_none_back(notebook, redis, some):
    """queue_song brings no song back that was taken off a moment ago, and does not say that it found it"""
    song, *songs = some.words(5)
    for at, gone in notebook.steps(songs[0], songs[2]):  # the first one, or the one to come after
        key, was = f"songs:{(party := some.word(12))}", []
        redis.rpush(key, *songs)
        with notebook.rival(lambda: was.append(redis.lpos(key, song)) or redis.lrem(key, 1, gone), at=at) as seen:
            found = notebook.queue_song(party, song, songs[2])
        is_there = was != [None] or gone != songs[2]
        left = [one for one in songs if one != gone or not was]
        expect((found, sorted(elements(redis, key))), (is_there, sorted(left + [song] * is_there)))


def test_wait_for_job_takes_the_next(notebook, redis, some):
    """wait_for_job takes the job that came first and returns its text"""
    queue, jobs = some.word(), some.words(3)
    redis.rpush(f"jobs:{queue}", *jobs)
    expect(notebook.wait_for_job(queue, 2), jobs[0])
    expect(elements(redis, f"jobs:{queue}"), jobs[1:])


@rests_on("test_wait_for_job_takes_the_next")
def test_wait_for_job_waits(notebook, redis, some):
    """wait_for_job lets Redis wait if there is no job yet, without asking again and again, and returns the one that comes"""
    queue, job, others = some.word(), some.word(), waiting(redis)
    with notebook.counted() as seen:
        call = notebook.start("wait_for_job", queue, 20)
        clients = waiting(redis, call, others)
        call.is_done(0.3)
        redis.rpush(f"jobs:{queue}", job)
        got = call.result()
    expect(got, job)
    expect(clients, wanted("1 client that waits in Redis", lambda clients: clients >= 1))
    expect(seen.sent, wanted("1 command in a third of a second, or 2", lambda sent: len(sent) <= 2))


@rests_on("test_wait_for_job_waits")
def test_wait_for_job_gives_up(notebook, redis, some):
    """wait_for_job returns None after the seconds it was given, also after a part of a second"""
    others = waiting(redis)
    longer = notebook.start("wait_for_job", some.word(), 20)
    waiting(redis, longer, others)
    for queue in some.words(3):  # a busy machine may make one of them late
        began, shorter = time.monotonic(), notebook.start("wait_for_job", queue, 0.1)
        gave_up = {0.1: shorter.is_done(4)}
        if not gave_up[0.1] or (took := time.monotonic() - began) < 0.9:
            break
    gave_up[20] = waiting(redis) <= others and longer.is_done(1)
    expect(longer.patience, wanted("a client that waits 20 s", lambda limit: limit is None or limit >= 20))
    expect(gave_up, {0.1: True, 20: False})
    expect(shorter.result(), None)
    expect(took, wanted("about 0.1 s, less than 0.9", lambda took: took < 0.9))


def test_start_job_moves(notebook, redis, some):
    """start_job moves the next job to the end of the worker's list and returns it, or None if there is no job"""
    queue, worker, *jobs = some.words(6)
    redis.pipeline().rpush(f"working:{worker}", jobs[0]).rpush(f"jobs:{queue}", jobs[1], "", *jobs[2:]).execute()
    expect(notebook.start_job(queue, worker), jobs[1])
    expect(elements(redis, f"working:{worker}"), jobs[:2])
    began = time.monotonic()
    expect([notebook.start_job(queue, worker) for _ in range(6)], ["", *jobs[2:], None, None, None])
    expect(time.monotonic() - began, wanted("three times None, in less than 2 s", lambda took: took < 2))


def test_start_job_is_never_lost(notebook, redis, some):
    """start_job keeps the job in exactly one of the two lists at every moment"""
    queue, worker, job = some.words(3)
    lists, moments = (f"jobs:{queue}", f"working:{worker}"), []
    redis.rpush(f"jobs:{queue}", job)
    with notebook.rival(lambda: moments.append(counts(redis, [job], *lists)[job]), before="every"):
        notebook.start_job(queue, worker)
    expect(elements(redis, f"working:{worker}"), [job])
    expect(moments, wanted("the job in one list at each moment", lambda moments: set(moments) == {1}))


def test_start_job_gives_each_once(notebook, redis, some):
    """start_job never starts a job that another worker starts at the same moment"""
    for at in notebook.steps():
        queue, worker, other, *jobs = some.words(7, 12)
        keys = [f"jobs:{queue}", f"working:{worker}", f"working:{other}"]
        redis.rpush(keys[0], *jobs)
        with notebook.rival(lambda: redis.lmove(keys[0], keys[2]), at=at):
            started = notebook.start_job(queue, worker)
        expect(counts(redis, jobs, *keys), dict.fromkeys(jobs, 1))
        expect(elements(redis, keys[1]), [started])


def test_give_back_puts_in_front(notebook, redis, some):
    """give_back puts the jobs at the front of the queue, in the order they had, and returns how many"""
    queue, worker, *jobs = some.words(7)
    redis.pipeline().rpush(f"working:{worker}", *jobs[:3]).rpush(f"jobs:{queue}", *jobs[3:]).execute()
    moved = notebook.give_back(queue, worker)
    expect(elements(redis, f"jobs:{queue}"), jobs)
    expect(moved, 3)
    expect(notebook.give_back(queue, worker), 0)
    redis.rpush(f"working:{worker}", jobs[0], "", jobs[1])
    expect((notebook.give_back(queue, worker), redis.llen(f"working:{worker}")), (3, 0))


def test_give_back_is_never_lost(notebook, redis, some):
    """give_back keeps each job in exactly one of the two lists at every moment"""
    queue, worker, *jobs = some.words(5)
    lists, moments = (f"jobs:{queue}", f"working:{worker}"), []
    redis.rpush(f"working:{worker}", *jobs)
    with notebook.rival(lambda: moments.append(counts(redis, jobs, *lists)), before="every"):
        notebook.give_back(queue, worker)
    expect(redis.llen(f"jobs:{queue}"), 3)
    for moment in moments:
        expect(moment, dict.fromkeys(jobs, 1))


@rests_on("test_give_back_puts_in_front")
def test_give_back_goes_beside_others(notebook, redis, some):
    """give_back loses and doubles no job when another program changes the lists at the same moment"""
    for at in notebook.steps():
        queue, worker, new, *jobs = some.words(6, 12)
        keys = [f"working:{worker}", f"jobs:{queue}"]
        redis.rpush(keys[0], *jobs)
        with notebook.rival(lambda: (redis.lmove(*keys, "RIGHT", "LEFT"), redis.rpush(keys[0], new)), at=at) as seen:
            notebook.give_back(queue, worker)
        jobs += [new] * len(seen.acts)
        expect(counts(redis, jobs, *keys), dict.fromkeys(jobs, 1))
    for at, few in notebook.steps(jobs, jobs[:1]):
        redis.pipeline().delete(*keys).rpush(keys[0], *few).execute()
        with notebook.rival(lambda: redis.rpop(keys[0]), at=at):
            moved = notebook.give_back(queue, worker)
        expect(moved, redis.llen(keys[1]))


def test_finish_job_keeps_the_result(notebook, redis, some):
    """finish_job takes the job out of the worker's list, keeps its result for an hour, counts it and returns True"""
    worker, result, *jobs = some.words(5)
    redis.pipeline().rpush(f"working:{worker}", *jobs).set(f"finished:{worker}", 41).execute()
    with notebook.counted() as seen:
        done = notebook.finish_job(worker, jobs[1], result)
    expect(elements(redis, f"working:{worker}"), [jobs[0], jobs[2]])
    expect(redis.mget(f"result:{jobs[1]}", f"finished:{worker}"), [result, "42"])
    expect(redis.ttl(f"result:{jobs[1]}"), about(3600, by=60))
    expect(done, True)
    for at in notebook.steps():
        redis.pipeline().ltrim(f"working:{worker}", 0, 0).rpush(f"working:{worker}", jobs[2]).execute()
        with notebook.rival(lambda: redis.rpush(f"working:{worker}", "new"), at=at) as beside:
            done = notebook.finish_job(worker, jobs[2], result)
        expect((done, elements(redis, f"working:{worker}")), (True, [jobs[0]] + ["new"] * len(beside.acts)))


@rests_on("test_finish_job_keeps_the_result")
def test_finish_job_of_another(notebook, redis, some):
    """finish_job changes nothing and returns False if the job is not the worker's any more, even if it went a moment ago"""
    worker, other, result, job = some.words(4)
    keys = [f"working:{worker}", f"working:{other}"]
    for at, begin in notebook.steps(*keys[::-1]):  # at first it is the other's from the beginning
        redis.pipeline().flushdb().rpush(begin, job).execute()
        with notebook.rival(lambda: redis.lmove(*keys), at=at) as seen:
            done = notebook.finish_job(worker, job, result)
        if elements(redis, keys[1]) == [job]:
            expect((done, redis.keys("[rf]*")), (False, []))


@rests_on("test_finish_job_keeps_the_result")
def test_finish_job_in_one_step(notebook, redis, some):
    """finish_job does it in one step: at every moment the job is either in the list, or has its result and is counted"""
    worker, result, job, moments = *some.words(3), []
    row, kept, count = f"working:{worker}", f"result:{job}", f"finished:{worker}"
    redis.rpush(row, job)
    look = lambda: moments.append((redis.llen(row), min(redis.ttl(kept), 1), redis.exists(count)))  # noqa: E731
    with notebook.rival(look, before="every"):
        notebook.finish_job(worker, job, result)
    look()
    expect(moments, wanted("(1, -2, 0), and then (0, 1, 1)", lambda moments: {*moments} - {(1, -2, 0)} == {(0, 1, 1)}))
