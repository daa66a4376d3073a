"""Lesson 10: lists, a row with two ends: queue, stack, recent items, and a queue that loses no job."""

import time


EMPTY = 'A {} may be an empty text, and this one is. "" counts as false for `if`, `or` and `while`; that there is none is None, and only that.'


def shown(redis, key):
    """The elements of the list `key`; what is there instead where it is no list."""
    kind = redis.type(key)
    return redis.lrange(key, 0, -1) if kind in ("list", "none") else f"a {kind}, not a list"


def places(redis, elements, *keys):
    """How often each of the elements is in the lists `keys`, all together."""
    found = [element for key in keys for element in redis.lrange(key, 0, -1)]
    return {element: found.count(element) for element in elements}


def waiting(redis):
    """How many clients wait in Redis for an element."""
    return redis.info("clients")["blocked_clients"]


def comes_to_wait(redis, call, others, limit=2.5):
    """Whether the call begins to wait in Redis within `limit` seconds, where `others` waited before."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if waiting(redis) > others:
            return True
        if call.is_done(0.01):
            return False
    return False


def test_add_jobs_keeps_the_order(notebook, redis, some):
    """add_jobs puts the jobs at the end of the queue, in their order"""
    queue, jobs = some.word(), some.words(5)
    redis.rpush(f"jobs:{queue}", *jobs[:2])
    notebook.add_jobs(queue, jobs[2:])
    found = shown(redis, f"jobs:{queue}")
    hint = f"In jobs:{queue} two jobs were waiting. The new ones belong behind them, each an element of its own, in the order of the list."
    if found[:1] != jobs[:1]:
        hint = "The new jobs stand before those that wait. LPUSH puts in front: with LPOP that is a stack, and the newest goes first. RPUSH puts behind."
    notebook.expect(found, jobs, hint)


def test_add_jobs_counts_the_waiting(notebook, redis, some):
    """add_jobs returns how many jobs are waiting then, also where there are none to add"""
    queue, jobs = some.word(), some.words(7)
    redis.rpush(f"jobs:{queue}", *jobs[:4])
    notebook.expect(
        notebook.add_jobs(queue, jobs[4:]),
        7,
        "Four were waiting and three came: RPUSH's own answer is the new length.",
    )
    hint = "With no jobs to add, the seven that wait are still seven. Redis refuses an RPUSH without elements; LLEN tells the length."
    notebook.expect(notebook.add_jobs(queue, []), 7, hint)


def test_add_jobs_keeps_them_together(notebook, redis, some):
    """add_jobs lets no job of another program come between its own"""
    key, jobs = f"jobs:{(queue := some.word())}", some.words(4)
    with notebook.rival(lambda: redis.rpush(key, "theirs"), before="every", times=4):
        notebook.add_jobs(queue, jobs)
        found = shown(redis, key)
        notebook.expect(
            sorted(set(found) - {"theirs"}),
            sorted(jobs),
            "All jobs of the list should be in the queue, each an element of its own.",
        )
    theirs = [place for place, job in enumerate(found) if job == "theirs"]
    between = [
        place
        for place in theirs
        if any(job in found[:place] for job in jobs) and any(job in found[place:] for job in jobs)
    ]
    hint = "Another program added jobs at the same moment, and they came between. One RPUSH takes all jobs of the list in one step."
    if between:
        notebook.expect(found, "four jobs in a row, and none of theirs between", hint)


def test_undo_takes_the_last(notebook, redis, some):
    """undo takes the last step off and returns it, or None where there is none"""
    document, steps = some.word(), some.words(3)
    redis.rpush(f"steps:{document}", *steps)
    answer = notebook.undo(document)
    hint = "The step that was made last goes first: that is a stack. RPUSH put it at the right end, so it is taken off there."
    notebook.expect(answer, steps[2], hint)
    notebook.expect(
        shown(redis, f"steps:{document}"),
        steps[:2],
        f"The step that was undone, and no other, should be gone from steps:{document}.",
    )
    notebook.expect(
        [notebook.undo(document) for _ in range(3)],
        [steps[1], steps[0], None],
        "Then the one before it, and at the end None.",
    )
    redis.rpush(f"steps:{document}", "")
    notebook.expect(notebook.undo(document), "", EMPTY.format("step"))


def test_undo_never_twice(notebook, redis, some):
    """undo never undoes a step that another window undoes at the same moment"""
    key, steps, theirs = f"steps:{(document := some.word())}", some.words(5), []
    redis.rpush(key, *steps)
    with notebook.rival(lambda: theirs.append(redis.rpop(key))):
        mine = notebook.undo(document)
        left = shown(redis, key)
        assert mine in steps, "What was returned is no step of this document."
    hint = "Another window undid the last step just then. The same step was undone twice, and another one vanished: looking and taking were two steps. RPOP is one."
    notebook.expect(sorted([*left, str(mine), *theirs]), sorted(steps), hint)


def test_read_page_reads(notebook, redis, some):
    """read_page returns the entries of a page, as many as there are"""
    board, entries = some.word(), some.words(23)
    redis.rpush(f"board:{board}", *entries)
    answer = notebook.read_page(board, 2, 5)
    hint = "Page 2 of 5 entries each has those with the indexes 5 to 9. Page 1 is the first."
    if isinstance(answer, list) and len(answer) == 6:
        hint = "One entry too many: both ends of LRANGE count. Five entries from index 5 end at index 9, not 10."
    notebook.expect(answer, entries[5:10], hint)
    notebook.expect(notebook.read_page(board, 1, 1), entries[:1], "Page 1 of one entry each has the first entry.")
    notebook.expect(
        notebook.read_page(board, 3, 10), entries[20:], "The last page may be shorter: here it has three entries."
    )
    notebook.expect(notebook.read_page(board, 9, 10), [], "Behind the last page there is an empty list.")


def test_read_page_fetches_one_page(notebook, redis, some):
    """read_page fetches this page only, however long the list is"""
    board = some.word()
    redis.rpush(f"board:{board}", *(f"{number}: {'x' * 60}" for number in range(2000)))
    for page, come in ((3, "the whole list, or all from that page on,"), (180, "all up to that page")):
        before = redis.info("stats")["total_net_output_bytes"]
        notebook.read_page(board, page, 10)
        sent = redis.info("stats")["total_net_output_bytes"] - before
        hint = f"Redis had to send far more than page {page}: {come} came, to show ten entries. Let LRANGE cut; a slice in Python comes too late."
        if sent > 60_000:
            notebook.expect(f"about {sent // 1000} kB", "about 1 kB", hint)


def test_view_item_newest_first(notebook, redis, some):
    """view_item puts the item at the front"""
    user, items = some.word(), some.words(3)
    for item in items:
        notebook.view_item(user, item)
    notebook.expect(
        shown(redis, f"viewed:{user}"),
        items[::-1],
        f"viewed:{user} should have the item seen last at its left end, the one before next to it.",
    )


def test_view_item_keeps_ten(notebook, redis, some):
    """view_item keeps the ten newest"""
    user, items = some.word(), some.words(12)
    redis.lpush(f"viewed:{user}", *items[:10])
    notebook.view_item(user, items[10])
    notebook.view_item(user, items[11])
    found = shown(redis, f"viewed:{user}")
    hint = "After twelve items, the ten newest should be left, newest first."
    if len(found) == 11:
        hint = "Eleven are kept. Both ends of LTRIM count: 0 to 10 are eleven elements."
    elif items[0] in found:
        hint = "The oldest items are kept and the newest are gone. LTRIM names what *stays*, and the newest are at the left: from index 0."
    notebook.expect(found, items[:1:-1], hint)


def test_view_item_has_each_once(notebook, redis, some):
    """view_item has each item once: seen again, it moves to the front"""
    user, items = some.word(), some.words(5)
    redis.rpush(f"viewed:{user}", *items)
    notebook.view_item(user, items[3])
    found = shown(redis, f"viewed:{user}")
    hint = "The item was in the list already and is in it twice now. LREM takes the old one out."
    if items[3] not in found[1:]:
        hint = "An item seen again moves to the front; the others keep their order."
    notebook.expect(found, [items[3], *items[:3], items[4]], hint)


def test_view_item_in_one_step(notebook, redis, some):
    """view_item does it in one step: at no moment is the list too long, or without the item"""
    for again in (True, False):
        key, items = f"viewed:{(user := some.word())}", some.words(11)
        item, moments = items[4 if again else 10], []
        redis.rpush(key, *items[:10])
        with notebook.rival(lambda key=key, moments=moments: moments.append(shown(redis, key)), before="every"):
            notebook.view_item(user, item)
            assert not again or shown(redis, key) != items[:10], "The call changed nothing in the list."
        hint = "Taking out, putting in front and cutting were several steps, and a crash between them leaves the list {}. MULTI makes one step of them."
        assert max(map(len, moments)) <= 10, hint.format("too long")
        assert not again or all(item in moment for moment in moments), hint.format(
            "without the item that is being looked at"
        )


def test_view_item_loses_none(notebook, redis, some):
    """view_item loses no item that another window shows at the same moment"""
    key, (mine, theirs, old) = f"viewed:{(user := some.word())}", some.words(3)
    redis.rpush(key, old)
    with notebook.rival(lambda: redis.lpush(key, theirs)):
        notebook.view_item(user, mine)
        found = shown(redis, key)
        assert mine in found, "After the call the item is not in the list."
    hint = "The list was read, made anew in Python and written back; what another window added in between is gone. Let Redis change it where it is."
    notebook.expect(sorted(found), sorted([mine, theirs, old]), hint)


def test_queue_song_comes_after(notebook, redis, some):
    """queue_song puts the song right after the first of the other"""
    party, song, *songs = some.words(6)
    songs.append(songs[1])
    redis.rpush(f"songs:{party}", *songs)
    notebook.queue_song(party, song, songs[1])
    found = shown(redis, f"songs:{party}")
    hint = "The new song belongs right after the first of the song that was named; all others keep their order."
    if found[1:2] == [song]:
        hint = "The song came before the other. LINSERT takes BEFORE or AFTER, and then the element to look for, and then the new one."
    notebook.expect(found, [*songs[:2], song, *songs[2:]], hint)


def test_queue_song_tells_whether(notebook, redis, some):
    """queue_song returns True where it found the other song, else False and changes nothing"""
    party, empty, song, missing, *songs = some.words(7)
    redis.rpush(f"songs:{party}", *songs)
    notebook.expect(
        notebook.queue_song(party, song, songs[2]),
        True,
        "The other song is in the list: that is True, not the length.",
    )
    before = shown(redis, f"songs:{party}")
    answer = notebook.queue_song(party, song, missing)
    notebook.expect(
        shown(redis, f"songs:{party}"), before, "The other song is not in the list, so nothing should change."
    )
    notebook.expect(
        answer, False, "The other song is not in the list. LINSERT answers -1 for that, and bool(-1) is True."
    )
    notebook.expect(
        notebook.queue_song(empty, song, missing),
        False,
        "There is no such list: LINSERT answers 0, which is False too.",
    )
    notebook.expect(redis.exists(f"songs:{empty}"), 0, "There was no such list, and now there is one.")


def test_queue_song_brings_none_back(notebook, redis, some):
    """queue_song brings no song back that was taken off a moment ago, and does not say that it found it"""
    key, (song, *songs) = f"songs:{(party := some.word())}", some.words(5)
    redis.rpush(key, *songs)
    with notebook.rival(lambda: redis.lpop(key)):
        notebook.queue_song(party, song, songs[2])
        found = shown(redis, key)
        assert song in found, "After the call the new song is not in the list."
    hint = "The player took the first song off just then, and it is back. The list was read, changed in Python and written back; LINSERT changes it where it is."
    notebook.expect(sorted(found), sorted([*songs[1:], song]), hint)
    with notebook.rival(lambda: redis.lrem(key, 1, songs[3])):
        answer = notebook.queue_song(party, some.word(12), songs[3])
    told = "The player took the other song off just then, so it was not found: that is False. LINSERT's own answer knows it, -1; a look before it does not."
    notebook.expect(answer, False, told)


def test_wait_for_job_takes_the_next(notebook, redis, some):
    """wait_for_job takes the job that came first and returns its text"""
    queue, jobs = some.word(), some.words(3)
    redis.rpush(f"jobs:{queue}", *jobs)
    answer = notebook.wait_for_job(queue, 2)
    hint = "RPUSH put the jobs at the right end, so the one that came first is at the left."
    if answer == [f"jobs:{queue}", jobs[0]]:
        hint = "BLPOP answers a pair: the key, since it can wait on several, and the element. The job is the second of the two."
    notebook.expect(answer, jobs[0], hint)
    notebook.expect(
        shown(redis, f"jobs:{queue}"), jobs[1:], "The job that was taken, and no other, should be gone from the queue."
    )


def test_wait_for_job_waits(notebook, redis, some):
    """wait_for_job waits where there is no job yet, and returns the one that comes"""
    queue, job, with_others = some.word(), some.word(), waiting(redis)
    call = notebook.start("wait_for_job", queue, 20)
    comes_to_wait(redis, call, with_others, 0.15)
    at_once = call.is_done()
    redis.rpush(f"jobs:{queue}", job)
    hint = "There was no job yet and twenty seconds to wait, but the call came back at once. LPOP does not wait; the command with a B before it does."
    answer = call.result()
    if isinstance(answer, list) and job in answer:
        answer = job  # a pair is told by another check
    notebook.expect(
        answer, job, hint if at_once else "A job came while the function waited: that job is what it returns."
    )


def test_wait_for_job_gives_up(notebook, redis, some):
    """wait_for_job returns None after the seconds it was given, also after a part of a second"""
    patient, hasty = some.words(2)
    with_others = waiting(redis)
    longer = notebook.start("wait_for_job", patient, 20)
    waits = comes_to_wait(redis, longer, with_others)
    shorter = notebook.start("wait_for_job", hasty, 0.1)
    in_time = shorter.is_done(4)
    both = waits and waiting(redis) <= with_others and longer.is_done(1)
    for queue in (patient, hasty):
        redis.rpush(f"jobs:{queue}", "too late")
    assert in_time, (
        "After 0.1 s the call was to give up, and after 4 s it still waited. A time-out of 0 means “for ever”, and int(0.1) is 0."
    )
    notebook.expect(shorter.result(), None, "No job came in time: that is None.")
    hint = "Two calls waited, one with 20 seconds and one with 0.1 s, and the one with 20 gave up just as early. The time-out is `seconds`, not a number of its own."
    assert not both, hint


def test_wait_for_job_does_not_poll(notebook, redis, some):
    """wait_for_job lets Redis do the waiting, and does not ask again and again"""
    queue, with_others = some.word(), waiting(redis)
    call = notebook.start("wait_for_job", queue, 20)
    waits = comes_to_wait(redis, call, with_others)
    at_once = call.is_done()
    redis.rpush(f"jobs:{queue}", "next")
    call.result()
    hint = "Nobody waits in Redis. A loop that asks, sleeps and asks again is late each time and busy all the time. BLPOP asks once; Redis answers when a job comes."
    assert at_once or waits, hint


def test_start_job_moves(notebook, redis, some):
    """start_job moves the next job to the end of the worker's list and returns it, or None where there is none"""
    queue, worker, *jobs = some.words(6)
    redis.rpush(f"working:{worker}", jobs[0])
    redis.rpush(f"jobs:{queue}", *jobs[1:])
    notebook.expect(
        notebook.start_job(queue, worker), jobs[1], "The next job is the one that came first, at the left end."
    )
    hint = "The job should stand at the end of the worker's list for as long as the work goes on. LMOVE takes from one list and puts into another."
    notebook.expect(shown(redis, f"working:{worker}"), jobs[:2], hint)
    notebook.expect(
        shown(redis, f"jobs:{queue}"),
        jobs[2:],
        "The job that was started, and no other, should be gone from the queue.",
    )
    notebook.expect(notebook.start_job(f"no-{queue}", f"no-{worker}"), None, "The queue is empty: None.")
    notebook.expect(
        redis.exists(f"jobs:no-{queue}", f"working:no-{worker}"),
        0,
        "The queue was empty, and yet there is a list now.",
    )


def test_start_job_is_never_lost(notebook, redis, some):
    """start_job keeps the job in exactly one of the two lists at every moment"""
    queue, worker, job = some.words(3)
    redis.rpush(f"jobs:{queue}", job)
    moments = []
    with notebook.rival(
        lambda: moments.append(places(redis, [job], f"jobs:{queue}", f"working:{worker}")[job]), before="every"
    ):
        notebook.start_job(queue, worker)
        notebook.expect(
            shown(redis, f"working:{worker}"), [job], "After the call the job should be in the worker's list."
        )
    assert 0 not in moments, (
        "For a moment the job was in no list. A worker that crashes just then loses it. LMOVE takes it out and puts it in with one step."
    )
    assert 2 not in moments, (
        "For a moment the job was in both lists, and another worker may take it too. LMOVE takes it out and puts it in with one step."
    )


def test_start_job_gives_each_once(notebook, redis, some):
    """start_job never starts a job that another worker starts at the same moment"""
    queue, worker, other, *jobs = some.words(7)
    keys = [f"jobs:{queue}", f"working:{worker}", f"working:{other}"]
    redis.rpush(keys[0], *jobs)
    with notebook.rival(lambda: redis.lmove(keys[0], keys[2])):
        answer = notebook.start_job(queue, worker)
        found, mine = places(redis, jobs, *keys), shown(redis, keys[1])
        assert mine, "After the call no job is in the worker's list."
    hint = "Another worker took the first job just then. Now a job is started twice, and one may be gone: looking and moving were two steps. LMOVE is one."
    notebook.expect(found, dict.fromkeys(jobs, 1), hint)
    notebook.expect(mine, [answer], "The job that was returned should be the one that stands in the worker's list.")


def test_give_back_puts_in_front(notebook, redis, some):
    """give_back puts the jobs at the front of the queue, in the order they had, and returns how many"""
    queue, worker, *jobs = some.words(7)
    redis.rpush(f"working:{worker}", *jobs[:3])
    redis.rpush(f"jobs:{queue}", *jobs[3:])
    answer = notebook.give_back(queue, worker)
    found = shown(redis, f"jobs:{queue}")
    hint = "The three jobs should stand before those that wait, in the order in which they were started."
    if found[:3] == jobs[2::-1]:
        hint = "The order is turned round: who puts one after the other in front begins with the last one."
    elif found[:2] == jobs[3:]:
        hint = "The jobs stand behind those that wait. They have waited already: they belong in front."
    notebook.expect(found, jobs, hint)
    notebook.expect(
        redis.exists(f"working:{worker}"), 0, "The worker's list should be empty now, and an empty list is no key."
    )
    notebook.expect(answer, 3, "Three jobs were given back.")
    notebook.expect(notebook.give_back(queue, worker), 0, "There was nothing to give back: 0.")
    redis.rpush(f"working:{worker}", jobs[0], "", jobs[1])
    answer = notebook.give_back(queue, worker)
    notebook.expect([answer, redis.llen(f"working:{worker}")], [3, 0], EMPTY.format("job"))


def test_give_back_is_never_lost(notebook, redis, some):
    """give_back keeps each job in exactly one of the two lists at every moment"""
    queue, worker, *jobs = some.words(5)
    redis.rpush(f"working:{worker}", *jobs)
    moments = []
    with notebook.rival(
        lambda: moments.append(places(redis, jobs, f"jobs:{queue}", f"working:{worker}")), before="every"
    ):
        notebook.give_back(queue, worker)
        notebook.expect(redis.llen(f"jobs:{queue}"), 3, "After the call the three jobs should be in the queue.")
    hint = "For a moment a job was in no list, or in both. If the program ends just then, the job is lost, or done twice. LMOVE moves one in one step."
    wrong = next((moment for moment in moments if set(moment.values()) != {1}), moments[-1])
    notebook.expect(wrong, dict.fromkeys(jobs, 1), hint)


def test_give_back_goes_beside_others(notebook, redis, some):
    """give_back loses and doubles no job when another program changes the lists at the same moment"""
    queue, worker, new, *jobs = some.words(6)
    keys = [f"jobs:{queue}", f"working:{worker}"]
    redis.rpush(keys[1], *jobs)

    def act():
        redis.lmove(keys[1], keys[0], "RIGHT", "LEFT")
        redis.rpush(keys[1], new)

    with notebook.rival(act):
        notebook.give_back(queue, worker)
        found = places(redis, [*jobs, new], *keys)
        assert redis.exists(keys[0]), "After the call no job is in the queue."
    hint = "Just then another program gave a job back, and the worker started one. A job is lost or doubled now: what was read before was written later."
    notebook.expect(found, dict.fromkeys([*jobs, new], 1), hint)
    redis.delete(*keys)
    redis.rpush(keys[1], *jobs)
    with notebook.rival(lambda: redis.rpop(keys[1])):
        answer = notebook.give_back(queue, worker)
        moved = redis.llen(keys[0])
    told = "The worker had just finished a job, so one less was moved than there were before. Count what was really moved: the answers of LMOVE tell."
    notebook.expect(answer, moved, told)
