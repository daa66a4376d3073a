"""What goes wrong in lesson 10. Looked through from the top after a check has failed; the first that holds is told."""

from workshop.grader import mistake

LOOKS = {"lpos", "lrange", "lindex", "llen"}


@mistake("test_add_jobs_keeps_the_order")
def pushed_in_front(actual, jobs):
    """The new jobs stand before those that wait. LPUSH puts in front: with LPOP that is a stack, and the newest goes
    first. RPUSH puts behind."""
    return actual[-2:] == jobs[:2] and set(actual[:-2]) == set(jobs[2:])


@mistake("test_add_jobs_keeps_them_together")
def one_job_after_the_other(found, jobs):
    """Another program added jobs at the same moment, and they came between. One RPUSH takes all jobs of the list in
    one step."""
    places = [place for place, job in enumerate(found) if job in jobs]
    return "theirs" in found[places[0] : places[-1]] if places else False


@mistake("test_undo_takes_the_last")
def first_step_undone(actual, expected, steps):
    """The first step was undone. The step that was made last goes first: that is a stack.
    RPUSH put it at the right end, so it is taken off there."""
    return (actual, expected) == (steps[0], steps[2])


@mistake("test_undo_takes_the_last")
def empty_step_taken_for_none(actual, expected):
    """A step may be an empty text, and this one is. "" counts as false for `if`, `or` and `while`; RPOP answers None
    if there is no step, and only then."""
    return expected == "" and actual is None


@mistake("test_undo_never_twice")
def looked_at_then_taken_off(mine, theirs):
    """Another window undid the last step just then. The same step was undone twice, and another one vanished:
    looking and taking were two steps. RPOP is one."""
    return mine in theirs


@mistake("test_read_page_reads")
def end_taken_as_exclusive(actual, expected):
    """One entry too many: both ends of LRANGE count. Five entries from index 5 end at index 9, not 10."""
    return isinstance(actual, list) and len(actual) == len(expected) + 1 and actual[:-1] == expected


@mistake("test_read_page_reads")
def pages_counted_from_0(actual, expected, entries):
    """This is page 3. Page 1 is the first: page 2 of 5 entries each has those with the indexes 5 to 9."""
    return (actual, expected) == (entries[10:15], entries[5:10])


@mistake("test_read_page_fetches_one_page")
def fetched_beyond_the_page(page, sent):
    """Redis sent {sent} kB for page 3: the whole list came, or all from that page on, to show ten entries.
    Let LRANGE cut; a slice in Python comes too late."""
    return page == 3 and {"sent": sent // 1000}


@mistake("test_read_page_fetches_one_page")
def fetched_up_to_the_page(page, sent):
    """Redis sent {sent} kB for page 180: all up to that page came, to show ten entries.
    Let LRANGE cut at both ends; a slice in Python comes too late."""
    return page == 180 and {"sent": sent // 1000}


@mistake("test_view_item_newest_first")
def newest_at_the_end(actual, items):
    """The item seen last stands at the right end. It belongs at the left end, and the one before it next to it: LPUSH
    puts in front."""
    return actual == items


@mistake("test_view_item_keeps_ten")
def eleven_kept(actual):
    """Eleven are kept. Both ends of LTRIM count: 0 to 10 are eleven elements."""
    return isinstance(actual, list) and len(actual) == 11


@mistake("test_view_item_keeps_ten")
def oldest_kept(actual, items):
    """The oldest items are kept and the newest are gone. LTRIM names what *stays*, and the newest are at the left:
    from index 0."""
    return items[0] in actual and items[11] not in actual


@mistake("test_view_item_has_each_once")
def same_item_twice(actual, items):
    """The item was in the list already and is in it twice now. LREM takes the old one out."""
    return isinstance(actual, list) and actual.count(items[3]) == 2


@mistake("test_view_item_in_one_step")
def several_steps(moments, item):
    """Taking out, putting in front and cutting were several steps, and a crash between them leaves the list {how}.
    MULTI makes one step of them."""
    is_too_long = [len(moment) > 10 for moment in moments]
    is_there = [item in moment for moment in moments]
    if any(is_too_long) and not is_too_long[-1]:
        return {"how": "too long"}
    return is_there[0] and is_there[-1] and not all(is_there) and {"how": "without the item that is being looked at"}


@mistake("test_view_item_loses_none")
def list_made_anew(actual, mine, theirs):
    """The list was read, made anew in Python and written back; what another window added in between is gone.
    Let Redis change it where it is."""
    return isinstance(actual, list) and mine in actual and theirs not in actual


@mistake("test_queue_song_comes_after")
def before_for_after(actual, song):
    """The song came before the other. LINSERT takes BEFORE or AFTER, and then the element to look for, and then the
    new one."""
    return actual[1:2] == [song]


@mistake("test_queue_song_tells_whether")
def length_for_true(actual, expected):
    """The song was found, and the function returned {length}, LINSERT's own answer: the new length. Return True or
    False: LINSERT answers more than 0 if it found the other song."""
    return expected is True and type(actual) is int and {"length": actual}


@mistake("test_queue_song_tells_whether")
def minus_one_taken_for_true(actual, expected):
    """The other song is not in the list. LINSERT answers -1 for that, and bool(-1) is True."""
    return actual is True and expected is False


@mistake("test_queue_song_brings_none_back")
def songs_written_back(redis, key, songs):
    """The player took the first song off just then, and it is back. The list was read, changed in Python and written
    back; LINSERT changes it where it is."""
    return songs[0] in redis.lrange(key, 0, -1)


@mistake("test_queue_song_brings_none_back")
def found_by_a_look_before(seen, actual):
    """The player took the other song off just then, so it was not found: return False. LINSERT's own answer tells it,
    -1; a look before it does not."""
    return actual is True and any(words[0].lower() in LOOKS for words in seen.commands)


@mistake("test_wait_for_job_takes_the_next")
def pair_for_the_job(actual, queue, jobs):
    """BLPOP answers a pair: the key, since it can wait on several, and the element. The job is the second of the
    two."""
    return actual == [f"jobs:{queue}", jobs[0]]


@mistake("test_wait_for_job_takes_the_next")
def newest_job_taken(actual, jobs):
    """This is the job that came last. RPUSH put the jobs at the right end, so the one that came first is at the
    left."""
    return actual == jobs[-1]


@mistake("test_wait_for_job_waits")
def no_wait_at_all(redis, queue, job, actual):
    """There was no job yet and twenty seconds to wait, but the call came back with None and left the job that came.
    LPOP does not wait; the command with a B before it does."""
    return actual is None and redis.lrange(f"jobs:{queue}", 0, -1) == [job]


@mistake("test_wait_for_job_gives_up")
def waits_for_ever(gave_up):
    """After 0.1 s the call was to give up, and after 4 s it still waited. A time-out of 0 means “for ever”, and
    int(0.1) is 0."""
    return not gave_up[0.1]


@mistake("test_wait_for_job_gives_up")
def seconds_of_its_own(gave_up):
    """Two calls waited, one with 20 seconds and one with 0.1 s, and the one with 20 gave up just as early.
    The time-out is `seconds`, not a number of its own."""
    return gave_up[0.1] and gave_up[20]


@mistake("test_wait_for_job_does_not_poll")
def polls(clients):
    """Nobody waits in Redis. A loop that asks, sleeps and asks again is late each time and busy all the time.
    BLPOP asks once; Redis answers when a job comes."""
    return clients <= 0


@mistake("test_start_job_moves")
def newest_job_started(actual, expected, jobs):
    """This is the job that came last. The next job is the one that came first, at the left end."""
    return (actual, expected) == (jobs[-1], jobs[1])


@mistake("test_start_job_is_never_lost")
def popped_then_pushed(moments):
    """For a moment the job was in no list. A worker that crashes just then loses it. LMOVE takes it out and puts it
    in with one step."""
    return 0 in moments


@mistake("test_start_job_is_never_lost")
def pushed_then_popped(moments):
    """For a moment the job was in both lists, and another worker may take it too. LMOVE takes it out and puts it in
    with one step."""
    return 2 in moments


@mistake("test_start_job_gives_each_once")
def looked_at_then_moved(redis, jobs, keys):
    """Another worker took the first job just then. Now that job is started twice, and one may be gone:
    looking and moving were two steps. LMOVE is one."""
    return all(jobs[0] in redis.lrange(key, 0, -1) for key in keys[1:])


@mistake("test_give_back_puts_in_front")
def order_turned_round(actual, jobs):
    """The order is turned round: whoever puts one after the other in front begins with the last one."""
    return actual[:3] == jobs[2::-1]


@mistake("test_give_back_puts_in_front")
def given_back_behind(actual, jobs):
    """The jobs stand behind those that wait. They have waited already: they belong in front."""
    return actual[:2] == jobs[3:]


@mistake("test_give_back_puts_in_front")
def empty_job_ends_the_loop(redis, queue, worker, expected):
    """A job may be an empty text, and this one is. "" counts as false for `if`, `or` and `while`; LMOVE answers None
    if there is no job, and only then."""
    return expected == (3, 0) and "" in redis.lrange(f"working:{worker}", -1, -1) + redis.lrange(f"jobs:{queue}", 0, 0)


@mistake("test_give_back_is_never_lost")
def taken_out_then_put_back(moment, jobs):
    """For a moment a job was in no list, or in both. If the program ends just then, the job is lost, or done twice.
    LMOVE moves one in one step."""
    return set(moment.values()) != {1}


@mistake("test_give_back_goes_beside_others")
def read_then_written(actual, expected):
    """Just then another program gave a job back, and the worker started one. A job is lost or doubled now:
    what was read before was written later."""
    return isinstance(actual, dict) and actual != expected


@mistake("test_give_back_goes_beside_others")
def counted_before_they_were_moved(actual, expected, moved):
    """The worker had just finished a job, so one less was moved than there were before. Count what was really moved:
    the answers of LMOVE tell."""
    return (actual, expected) == (moved, moved - 1)
