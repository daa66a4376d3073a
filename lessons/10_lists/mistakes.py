"""What goes wrong in lesson 10. Looked through from the top after a check has failed; the first that holds is told."""

import re

from workshop.grader import mistake

LOOKS = {"lpos", "lrange", "lindex", "llen"}


def sent(seen):
    """The names of the commands that were sent in a counted block, in small letters."""
    return [line.split()[0].lower() for line in seen.sent]


def has_looked(seen):
    """Whether a list was only looked at while a rival stood by."""
    return any(words[0].lower() in LOOKS for words in seen.commands)


def elsewhere(redis, key):
    """This key and another one that is in Redis, to fill a sentence; None if there is no other."""
    others = sorted(name for name in redis.keys() if name != key)
    return {"key": key, "other": others[0]} if others else None


@mistake("test_add_jobs_keeps_the_order")
def jobs_in_another_key(redis, queue):
    """The jobs went into the key {other}. They belong in jobs:<queue>, here {key}."""
    return elsewhere(redis, f"jobs:{queue}")


@mistake("test_view_item_newest_first")
def viewed_in_another_key(redis, user):
    """The items went into the key {other}. They belong in viewed:<user>, here {key}."""
    return elsewhere(redis, f"viewed:{user}")


@mistake("test_view_item_newest_first")
def nothing_written(redis, actual, seen):
    """Nothing was written to Redis. A pipeline only collects: execute() sends what it has collected."""
    return actual == [] and not redis.keys() and not seen.sent


@mistake("test_view_item_newest_first")
def put_in_and_taken_out(actual, seen):
    """The list is empty: each item was put in, and the {command} after it took it out again. LREM takes out the new one
    too, so it comes before LPUSH. LTRIM names what stays."""
    pushed, last = "lpush" in sent(seen), (sent(seen) or [""])[-1]
    order = [name for name in sent(seen) if name in ("lpush", "lrem")]
    cut = any(line.lower().startswith("ltrim") and not line.split()[2].startswith(("0", "-")) for line in seen.sent)
    took = "LREM" if order[:2] == ["lpush", "lrem"] else "LTRIM" if cut and last == "ltrim" else None
    return actual == [] and pushed and took and {"command": took}


@mistake("test_view_item_newest_first", "test_finish_job_keeps_the_result")
def element_before_its_count(error):
    """LREM takes the key, then how many are to go, and then the element: lrem(key, 0, item). Here the element came
    where the number should stand."""
    sent = re.search(r"\(LREM \S+ \S+ -?\d+\) of pipeline caused error: ", error.message)
    is_so = sent or re.search(r"\.lrem\([^,]+,[^,]+, *-?\d+ *\)", error.source or "")
    return is_so and "not an integer" in error.message


@mistake("test_add_jobs_keeps_the_order")
def pushed_in_front(actual, jobs):
    """The new jobs stand before those that wait. LPUSH puts in front: with LPOP that is a stack, and the newest goes
    first. RPUSH puts behind."""
    return actual[-2:] == jobs[:2] and set(actual[:-2]) == set(jobs[2:])


@mistake("test_add_jobs_keeps_the_order")
def jobs_sorted(actual, jobs):
    """The new jobs stand in the order of the alphabet. They go in as they came: whoever came first goes first."""
    new = sorted(jobs[2:])
    return actual == [*jobs[:2], *new] and new not in (jobs[2:], jobs[:1:-1])


@mistake("test_add_jobs_keeps_the_order")
def all_jobs_in_one_element(actual, jobs):
    """The new jobs are in one element, {element}. Each job should be an element. A star before the list passes its
    strings one by one: r.rpush(key, *jobs).
    """
    own = [element for element in actual[2:] if all(job in element for job in jobs[2:])]
    return {"element": repr(own[0])} if own else False


@mistake("test_add_jobs_keeps_the_order", "test_view_item_newest_first")
def letters_of_a_text(actual):
    """The list holds single letters. A star before a string unpacks its letters; before a list it passes the strings, and a
    single string needs none."""
    return isinstance(actual, list) and sum(len(element) == 1 for element in actual) > 2


@mistake("test_add_jobs_counts_the_waiting")
def only_where_a_list_is(redis, queue, actual):
    """The queue was empty, and no job went in: an empty list is no key. RPUSHX pushes only if there is a list already;
    RPUSH makes it."""
    return actual == 0 and not redis.exists(f"jobs:{queue}")


@mistake("test_add_jobs_counts_the_waiting")
def only_the_new_counted(actual, expected):
    """{expected} jobs are waiting, and the function returned {actual}: those that waited before count too. RPUSH returns
    the length; with nothing to push, LLEN does."""
    return (actual, expected) == (3, 7) and {"expected": expected, "actual": actual}


@mistake("test_add_jobs_counts_the_waiting")
def none_counted_without_a_new_one(actual, expected, redis, queue):
    """There was no job to add, 7 are waiting, and the function returned 0. LLEN returns how many are waiting, if it is
    given the whole name of the key, jobs:<queue>, here {key}.
    """
    return (actual, expected, redis.llen(f"jobs:{queue}")) == (0, 7, 7) and {"key": f"jobs:{queue}"}


@mistake("test_add_jobs_counts_the_waiting")
def pushed_without_a_job(error, asked):
    """There was no job to add, and RPUSH was sent without one: a star before an empty list passes nothing, and RPUSH
    needs one element at least. Without a job, ask for the length alone: LLEN."""
    return "wrong number of arguments for 'rpush'" in error.message and asked.endswith(", [])")


@mistake("test_add_jobs_counts_the_waiting")
def jobs_written_back(redis, queue, theirs):
    """Another program added a job just then, and it is gone: the list was read, and written back without it. RPUSH adds to
    what is there."""
    return theirs and "theirs" not in redis.lrange(f"jobs:{queue}", 0, -1)


@mistake("test_add_jobs_counts_the_waiting")
def counted_before_pushing(beside, actual):
    """Another program added a job just then, and it was not counted: the length was read before. RPUSH returns the length
    with all that is in the list."""
    return beside == actual == 9


@mistake("test_add_jobs_keeps_them_together")
def one_job_after_the_other(actual):
    """Another program added jobs at the same moment, and they came between. One RPUSH takes all jobs of the list in
    one step."""
    return isinstance(actual, list) and "theirs" in actual[1:-1]


@mistake("test_undo_takes_the_last")
def first_step_undone(actual, expected, steps):
    """The first step was undone. The step that was made last goes first: that is a stack.
    RPUSH put it at the right end, so it is taken off there."""
    return (actual, expected) == (steps[0], steps[3])


@mistake("test_undo_takes_the_last")
def list_for_the_step(actual, expected):
    """The function returned a list with the step in it. RPOP with a number returns a list, and so does LRANGE; RPOP without
    one returns the element."""
    return actual == [expected]


@mistake("test_undo_takes_the_last")
def step_still_there(actual, expected, steps):
    """The last step came back, and it is still in the list. LINDEX and LRANGE only look, and what is taken out of a Python
    list stays in Redis; RPOP takes the element off and returns it."""
    return (actual, expected) == (steps, steps[:3])


@mistake("test_undo_takes_the_last")
def two_steps_taken_off(actual, expected, steps):
    """The last step came back, and the one before it is gone too. Each RPOP takes one off: keep what it returns in a
    variable."""
    return (actual, expected) == (steps[:2], steps[:3])


@mistake("test_undo_takes_the_last")
def steps_in_another_key(actual, seen, document):
    """Redis was asked for the key {other}, and there is none. The steps of a document are in steps:<document>, here
    {key}."""
    asked = [line.split() for line in seen.sent if line.lower().startswith(("rpop ", "lpop ", "lindex ", "lrange "))]
    key, keys = f"steps:{document}", sorted(words[1] for words in asked)
    return actual is None and keys and key not in keys and {"other": keys[0], "key": key}


@mistake("test_undo_takes_the_last")
def pair_for_the_step(actual, expected):
    """BRPOP returns a pair, the key and the element, and it waits. RPOP returns the element."""
    return isinstance(actual, list) and len(actual) == 2 and actual[1] == expected


@mistake("test_undo_takes_the_last")
def empty_step_taken_for_none(actual, expected):
    """A step may be an empty string, and this one is. "" counts as false for `if`, `or` and `while`; RPOP returns None
    if there is no step, and only then."""
    return isinstance(expected, list) and expected[2:] == ["", None] and actual == [*expected[:2], None, None]


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
def size_taken_for_the_end(actual, entries):
    """One entry came for five. The second number of LRANGE is the index of the last entry, not how many there are: page 2
    of 5 entries goes from index 5 to 9."""
    return actual == entries[5:6]


@mistake("test_read_page_reads")
def page_from_the_right_end(actual, expected, entries):
    """This page was counted from the right end of the list. Page 1 is at the left, where the indexes begin with 0:
    page 2 of 5 entries goes from index 5 to 9."""
    return expected == entries[5:10] and actual in (entries[-10:-5], entries[-10:-5][::-1])


@mistake("test_read_page_reads")
def none_for_no_entry(actual, expected):
    """The page has fewer entries than fit, and None came for each that is missing. LINDEX returns None there; LRANGE
    leaves out what is not there.
    """
    return isinstance(actual, list) and None in actual and [one for one in actual if one is not None] == expected


@mistake("test_read_page_reads")
def last_page_left_out(actual, expected, entries):
    """The last page has fewer entries than fit, and none of them came. It is a page like any other: LRANGE returns what is there, and an empty
    list only where nothing is."""
    return actual == [] and expected == entries[20:]


@mistake("test_read_page_reads")
def pages_counted_from_0(actual, expected, entries):
    """This is page 3. Page 1 is the first: page 2 of 5 entries each has those with the indexes 5 to 9."""
    return (actual, expected) == (entries[10:15], entries[5:10])


@mistake("test_read_page_fetches_one_page")
def fetched_beyond_the_page(page, seen):
    """Redis sent {sent} kB for page 3, to show ten entries: more came than the page. Let LRANGE cut at both ends; a slice
    in Python comes too late."""
    return page == 3 and seen.bytes > 3000 and {"sent": seen.bytes // 1000}


@mistake("test_read_page_fetches_one_page")
def fetched_up_to_the_page(page, seen):
    """Redis sent {sent} kB for page 180: all up to that page came, to show ten entries.
    Let LRANGE cut at both ends; a slice in Python comes too late."""
    return page == 180 and seen.bytes > 3000 and {"sent": seen.bytes // 1000}


@mistake("test_view_item_newest_first")
def newest_at_the_end(actual, items):
    """The item seen last stands at the right end. It belongs at the left end, and the one before it next to it: LPUSH
    puts in front."""
    return actual == items


@mistake("test_view_item_keeps_ten")
def cut_before_putting_in(actual, seen):
    """Eleven are kept: LTRIM cut the list to ten, and then the item was added. Add first, then cut."""
    order = [name for name in sent(seen) if name in ("ltrim", "lpush")]
    return len(actual) == 11 and order == ["ltrim", "lpush"]


@mistake("test_view_item_keeps_ten")
def eleven_kept(actual, seen):
    """Eleven are kept. Both ends of LTRIM count: 0 to 10 are eleven elements."""
    return len(actual) == 11 and any(line.lower().startswith("ltrim") and line.endswith(" 0 10") for line in seen.sent)


@mistake("test_view_item_keeps_ten")
def nothing_cut(actual, seen):
    """All that was ever looked at is kept, and the list grows without end. LTRIM cuts it: it names what stays."""
    return len(actual) > 10 and "ltrim" not in sent(seen) and not {"rpop", "eval", "evalsha"} & set(sent(seen))


@mistake("test_view_item_keeps_ten")
def oldest_kept(actual, items):
    """The oldest items are kept and the newest are gone. LTRIM names what *stays*, and the newest are at the left:
    from index 0."""
    return items[0] in actual and items[11] not in actual


@mistake("test_view_item_loses_none")
def cut_by_a_look_before(actual, seen):
    """Eleven are kept now: another window added one just then, and how many there are was looked up before. LTRIM cuts,
    however long the list is."""
    return isinstance(actual, list) and len(actual) > 10 and has_looked(seen)


@mistake("test_view_item_loses_none")
def looked_whether_it_is_there(actual, mine, theirs):
    """Another window showed the same item just then, and it is in the list twice now: whether it was there was looked up
    before. LREM takes out what is there, and does no harm if nothing is."""
    return theirs == mine and isinstance(actual, list) and actual.count(mine) == 2


@mistake("test_view_item_has_each_once")
def same_item_twice(actual, items):
    """The item was in the list already and is in it twice now. LREM takes the old one out."""
    return isinstance(actual, list) and actual.count(items[3]) == 2


@mistake("test_view_item_in_one_step")
def several_steps(moments, item):
    """Taking out, putting in front and cutting were several steps, and a crash between them leaves the list {how}.
    MULTI makes one step of them."""
    is_too_long = any(len(moment) > 10 for moment in moments)
    is_so = item in moments[-1] and len(moments[-1]) <= 10
    return is_so and {"how": "too long" if is_too_long else "without the item that is being looked at"}


@mistake("test_view_item_loses_none")
def list_made_anew(actual, mine, theirs, was):
    """The list was read, rebuilt in Python and written back; what another window added in between is gone.
    Let Redis change it where it is."""
    return was and isinstance(actual, list) and mine in actual and theirs not in actual


@mistake("test_queue_song_comes_after")
def before_for_after(actual, song, songs):
    """The song came before the other. LINSERT takes BEFORE or AFTER, and then the element to look for, and then the
    new one."""
    return actual == [*songs[:1], song, *songs[1:]]


@mistake("test_queue_song_comes_after")
def new_song_looked_for(actual, seen, song, songs):
    """LINSERT looked for the new song, {song}, which is not in the list yet. It takes the element to look for first, and
    then the new one."""
    is_so = any(line.lower().startswith("linsert ") and line.endswith(f" {song} {songs[1]}") for line in seen.sent)
    return actual == songs and is_so and {"song": song}


@mistake("test_queue_song_comes_after")
def list_left_as_it_was(actual, songs, seen):
    """The list in Redis is as it was. What is put into a Python list stays in Python; LINSERT puts it into the list in
    Redis."""
    return actual == songs and not any(name in ("linsert", "rpush", "lpush", "lset", "eval") for name in sent(seen))


@mistake("test_queue_song_comes_after")
def song_replaced(actual, song, songs):
    """The song took the place of another: {gone} is no longer in the list. LSET replaces what stands there; LINSERT
    puts in and replaces nothing."""
    gone = [old for new, old in zip(actual, songs, strict=False) if new != old]
    is_so = len(actual) == len(songs) and song in actual and len(gone) == 1
    return is_so and {"gone": gone[0]}


@mistake("test_queue_song_comes_after")
def put_at_the_end(actual, song, songs):
    """The song stands at the end of the list. It was to come right after the other: LINSERT finds the place."""
    return actual == [*songs, song]


@mistake("test_queue_song_tells_whether")
def length_for_true(redis, actual, expected, party):
    """The song was found, and the function returned {length}, LINSERT's own answer: the new length. Return True or
    False: LINSERT returns more than 0 if it found the other song."""
    is_length = type(actual) is int and actual == redis.llen(f"songs:{party}")
    return expected is True and is_length and {"length": actual}


@mistake("test_queue_song_tells_whether")
def first_place_taken_for_none(redis, actual, expected, party, songs):
    """The other song is the first in the list, and the function returned False. LPOS returns its index, which is 0, and 0
    counts as false for `if` and `not`. LINSERT finds the place by itself."""
    return (actual, expected) == (False, True) and redis.lrange(f"songs:{party}", 0, -1) == songs


@mistake("test_queue_song_tells_whether")
def no_list_taken_for_found(actual, expected):
    """There is no such list, so no song was found: return False. LINSERT returns 0 then, and -1 if there is a list
    without the other song.
    """
    return isinstance(actual, tuple) and actual[0] is True and expected == (False, 0)


@mistake("test_queue_song_tells_whether")
def minus_one_taken_for_true(actual, expected):
    """The other song is not in the list, and the function returned True. LINSERT returns -1 for that, and bool(-1) is True:
    look whether its answer is more than 0."""
    return actual is True and expected is False


@mistake("test_queue_song_brings_none_back")
def songs_written_back(redis, key, gone, was):
    """The player took a song off just then, {gone}, and it is back. The list was read, changed in Python and written
    back; LINSERT changes it where it is."""
    return was and gone in redis.lrange(key, 0, -1) and {"gone": gone}


@mistake("test_queue_song_brings_none_back")
def found_by_a_look_before(seen, found, is_there):
    """The player took the other song off just then, so it was not found: return False. LINSERT's own answer tells it,
    -1; a look before it does not."""
    return found is True and not is_there and has_looked(seen)


@mistake("test_wait_for_job_takes_the_next")
def pair_for_the_job(actual, queue, jobs):
    """BLPOP returns a pair: the key, since it can wait on several, and the element. The job is the second of the
    two."""
    return actual in ([f"jobs:{queue}", jobs[0]], f"jobs:{queue}")


@mistake("test_wait_for_job_takes_the_next")
def newest_job_taken(actual, jobs):
    """This is the job that came last. RPUSH put the jobs at the right end, so the one that came first is at the
    left."""
    return actual == jobs[-1]


@mistake("test_wait_for_job_waits")
def no_wait_at_all(redis, queue, job, actual, seen):
    """There was no job yet and twenty seconds to wait, but the call came back with None and left the job that came.
    LPOP does not wait; the command with a B before it does."""
    is_left = actual is None and redis.lrange(f"jobs:{queue}", 0, -1) == [job]
    return is_left and not any(name.startswith("b") for name in sent(seen))


@mistake("test_wait_for_job_waits")
def gave_up_too_early(actual, clients, seen):
    """There were twenty seconds to wait, and in less than half a second the call came back with None. The time-out is
    `seconds`, not a number of its own."""
    return actual is None and any(name.startswith("b") for name in sent(seen)) and clients is not None


@mistake("test_wait_for_job_waits")
def asks_again_and_again(clients, seen):
    """In a third of a second Redis was asked {times} times. It can wait for as long as `seconds` says in one command:
    no loop is needed."""
    return clients > 0 and {"times": len(seen.sent)}


@mistake("test_wait_for_job_gives_up")
def client_gives_up_earlier(longer):
    """The function made a client of its own, which gives up on an answer after {patience} s: a wait of 20 s would end in a
    TimeoutError. Give it socket_timeout=None, or use `r`."""
    return longer.patience is not None and longer.patience < 20 and {"patience": f"{longer.patience:g}"}


@mistake("test_wait_for_job_gives_up")
def empty_text_without_a_job(actual, expected):
    """No job came, and the function returned "". A job may be an empty string, and whoever called would take this for
    one: return None."""
    return expected is None and actual == ""


@mistake("test_wait_for_job_gives_up")
def none_taken_for_a_pair(error):
    """No job came, and BLPOP answered None: there is no pair to take apart. Look whether there is one first."""
    return "NoneType" in error.message


@mistake("test_wait_for_job_gives_up")
def waits_for_ever(gave_up):
    """After 0.1 s the call was to give up, and after 4 s it still waited. The time-out counts seconds, no milliseconds, and 0
    means “for ever”: no time-out at all is 0, and so is int(0.1)."""
    return not gave_up[0.1]


@mistake("test_wait_for_job_gives_up")
def part_of_a_second_rounded_up(actual, took, gave_up):
    """A wait of 0.1 s took {took} s, each time. Was it rounded up to a whole second? BLPOP takes parts of a second as they
    are."""
    return gave_up == {0.1: True, 20: False} and actual is took and took < 1.6 and {"took": f"{took:.1f}"}


@mistake("test_wait_for_job_gives_up")
def seconds_of_its_own(gave_up):
    """Two calls waited, one with 20 seconds and one with 0.1 s, and the one with 20 gave up just as early.
    The time-out is `seconds`, not a number of its own."""
    return gave_up[0.1] and gave_up[20]


@mistake("test_wait_for_job_waits")
def polls(clients, seen):
    """Nobody waits in Redis, and it was asked {times} times. A loop that asks, sleeps and asks again is late each time and
    busy all the time. BLPOP asks once; Redis answers when a job comes."""
    return clients <= 0 and len(seen.sent) > 1 and {"times": len(seen.sent)}


@mistake("test_start_job_moves")
def moved_the_other_way(actual, expected, jobs):
    """The job that came back was the worker's own: it was moved out of working:<worker>. LMOVE takes the list that it comes
    from first, and then the one it goes to."""
    return (actual, expected) == (jobs[0], jobs[1])


@mistake("test_start_job_moves")
def newest_job_started(actual, expected, jobs):
    """This is the job that came last. The next job is the one that came first, at the left end."""
    return (actual, expected) == (jobs[-1], jobs[1])


@mistake("test_start_job_moves")
def put_at_the_left(actual, jobs):
    """The job went to the left end of the worker's list. It belongs at the right end, behind those that were started
    before."""
    return actual == jobs[1::-1]


@mistake("test_start_job_moves")
def job_in_no_list(redis, actual, expected, jobs):
    """The job came back, and it is in no list any more: if its worker crashes now, nobody knows of it. LMOVE puts it
    into working:<worker>, and there it stays until it is done."""
    lists = [redis.lrange(key, 0, -1) for key in redis.keys() if redis.type(key) == "list"]
    return (actual, expected) == (jobs[:1], jobs[:2]) and not any(jobs[1] in one for one in lists)


@mistake("test_start_job_moves")
def job_in_another_key(redis, actual, expected, jobs, worker):
    """The job came back, and it is in the list {other}. It belongs in working:<worker>, here {key}."""
    there = [key for key in sorted(redis.keys()) if redis.type(key) == "list" and jobs[1] in redis.lrange(key, 0, -1)]
    is_so = (actual, expected) == (jobs[:1], jobs[:2]) and there
    return is_so and {"other": there[0], "key": f"working:{worker}"}


@mistake("test_start_job_moves")
def empty_job_taken_for_none(actual, expected):
    """A job may be an empty string, and this one was, and the function returned None. "" counts as false for `if` and
    `or`; LMOVE returns None if there is no job, and only then."""
    return isinstance(actual, list) and isinstance(expected, list) and expected[0] == "" and actual[0] is None


@mistake("test_start_job_moves")
def waited_for_a_job(actual, expected):
    """There was no job three times, and None came after {took} s in all. Return None at once then: LMOVE does not
    wait, BLMOVE does."""
    return isinstance(actual, float) and {"took": f"{actual:.1f}"}


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
def order_turned_round(actual, expected, jobs):
    """The order is turned round: whoever puts one after the other in front begins with the last one."""
    return isinstance(actual, list) and isinstance(expected, list) and actual[:3] == jobs[2::-1]


@mistake("test_give_back_puts_in_front")
def jobs_for_their_number(actual, expected):
    """The jobs came back, in a list. Return how many they are: len(…), or count them as they are moved."""
    return isinstance(actual, list) and type(expected) is int and len(actual) == expected


@mistake("test_give_back_puts_in_front")
def moved_and_not_counted(actual, expected, redis, queue):
    """All three jobs were moved, and the function returned {actual}. Count each one that LMOVE returns."""
    return (actual, expected) == (0, 3) and redis.llen(f"jobs:{queue}") > 3 and {"actual": actual}


@mistake("test_give_back_puts_in_front")
def one_too_many_counted(actual, expected, redis, queue):
    """Three jobs were moved, and the function returned 4. The last answer of LMOVE is None, and nothing was moved
    then: look at it first, and count after that."""
    return (actual, expected) == (4, 3) and redis.llen(f"jobs:{queue}") > 3


@mistake("test_give_back_puts_in_front")
def empty_job_not_counted(actual, expected):
    """Three jobs were moved, one of them an empty string, and the function returned 2. "" counts as false for `if`;
    LMOVE returns None if there is no job, and only then."""
    return (actual, expected) == ((2, 0), (3, 0))


@mistake("test_give_back_puts_in_front")
def queue_replaced(actual, jobs):
    """The jobs that waited in the queue are gone: the worker's list took the place of the queue. RENAME does that to a
    key that is there. LMOVE puts each job in front of those that wait."""
    return isinstance(actual, list) and sorted(actual, key=str) == sorted(jobs[:3])


@mistake("test_give_back_puts_in_front")
def given_back_behind(actual, jobs):
    """The jobs stand behind those that wait. They have waited already: they belong in front."""
    return isinstance(actual, list) and actual[:2] == jobs[3:]


@mistake("test_give_back_puts_in_front")
def empty_job_ends_the_loop(redis, queue, worker, expected):
    """A job may be an empty string, and this one is. "" counts as false for `if`, `or` and `while`; LMOVE returns None
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
    what LMOVE returns tells."""
    return type(moved) is int and (actual, expected) == (moved, moved - 1)


@mistake("test_finish_job_keeps_the_result")
def another_job_taken_out(actual, expected, jobs):
    """{job} was finished, and another one is gone from the worker's list: {rest} are left. LREM takes out the element that
    you name."""
    is_so = isinstance(actual, list) and expected == [jobs[0], jobs[2]] and jobs[1] in actual and len(actual) < 3
    return is_so and {"job": jobs[1], "rest": ", ".join(actual)}


@mistake("test_finish_job_keeps_the_result")
def whole_list_gone(actual, jobs):
    """The worker had other jobs too, and they are gone from its list. LREM takes out one element."""
    return actual == []


@mistake("test_finish_job_keeps_the_result")
def job_still_there(actual, jobs):
    """The job is finished, and it is still in the worker's list. LREM takes it out."""
    return actual == jobs


@mistake("test_finish_job_keeps_the_result")
def sent_without_multi(actual, expected, seen):
    """The job is out of the list, its result is stored, and the function returned False. After WATCH a pipeline sends
    each command at once, until multi() is called: so its own LREM changed the list that it watches."""
    before = seen.names[: seen.names.index("lrem")] if "lrem" in seen.names else []
    return (actual, expected) == (False, True) and "watch" in before and "multi" not in before


@mistake("test_finish_job_keeps_the_result")
def gave_up_at_watch_error(actual, beside):
    """Another job came into the worker's list just then, so EXEC did nothing. The function gave up: the job is still
    in the list, and nobody finishes it. WatchError means: look again. Only if the job is gone, return False."""
    names = [words[0].lower() for words in beside.commands]
    is_left = isinstance(actual, tuple) and actual[0] is not True and len(actual[1]) == 3
    return is_left and "watch" in names and names.count("exec") == 1


@mistake("test_finish_job_keeps_the_result")
def job_not_counted(actual, expected, result, worker):
    """The result is stored, and finished:{worker} is {count}: it was 41 before, and should be 42. INCR adds 1."""
    is_so = isinstance(expected, list) and actual[0] == result and actual[1] != "42"
    return is_so and {"worker": worker, "count": actual[1]}


@mistake("test_finish_job_keeps_the_result")
def result_in_another_key(actual, expected, redis, jobs, result):
    """There is no key result:{job}. The result is in {other}."""
    if not isinstance(expected, list) or actual[0] is not None:
        return False
    others = [key for key in redis.keys() if redis.type(key) == "string" and redis.get(key) == result]
    return others and {"job": jobs[1], "other": others[0]}


@mistake("test_finish_job_keeps_the_result")
def something_else_for_the_result(actual, expected, jobs, result):
    """The key result:{job} holds {stored}, and the result is {result}."""
    is_so = isinstance(expected, list) and expected[0] == result and actual[0] not in (None, result)
    return is_so and {"job": jobs[1], "stored": repr(actual[0]), "result": repr(result)}


@mistake("test_finish_job_keeps_the_result")
def result_of_another_length(actual, expected):
    """The result has {left} s to live; an hour is 3600. EX counts seconds, PX milliseconds."""
    return type(actual) is int and actual > 0 and not isinstance(expected, bool) and {"left": actual}


@mistake("test_finish_job_keeps_the_result")
def result_never_expires(actual, redis, jobs):
    """The result has no time to live. If nobody fetches it, it stays for ever. SET takes the time with the value."""
    return actual == -1 and redis.exists(f"result:{jobs[1]}")


@mistake("test_finish_job_of_another")
def zero_of_lua_taken_for_none(actual, begin, keys, seen):
    """The job was not in the worker's list at all, and {what}. LREM returns 0 then, and in Lua 0 counts as true: only
    false and nil do not. Compare: == 1."""
    scripts = [words[1] for words in seen.commands if words[0].lower() == "eval"]
    taken = [
        re.search(r"(?:local (\w+) *= *)?redis\.p?call\( *['\"]lrem['\"][^()]*\)", text, re.I) for text in scripts
    ]
    asked = [rf"\bif *(?:not *)?\(? *{re.escape(found[1] or found[0])} *\)? *then" for found in taken if found]
    is_so = begin == keys[1] and any(re.search(pattern, text) for pattern, text in zip(asked, scripts, strict=False))
    return is_so and wrongly_done(actual)


@mistake("test_finish_job_of_another")
def finished_though_it_was_never_there(actual, begin, keys):
    """The job was not in the worker's list at all, and {what}. LREM returns how many it took out: 0 if the job was not
    there.
    """
    return begin == keys[1] and wrongly_done(actual)


def wrongly_done(actual):
    """What was done with a job that is not the worker's, to fill a sentence; None if nothing was."""
    if not isinstance(actual, tuple) or not (actual[1] or actual[0] is True):
        return None
    stored, counted = (any(key.startswith(word) for key in actual[1]) for word in ("result:", "finished:"))
    return {
        "what": "its result was stored all the same"
        if stored
        else "it was counted"
        if counted
        else "the function returned True"
    }


@mistake("test_finish_job_of_another")
def finished_though_it_was_gone(actual, begin, keys):
    """The job had gone to another worker just then, and {what}. Only what takes the job out of the list can tell whether it
    was there: after WATCH, or in a script."""
    return begin == keys[0] and wrongly_done(actual)


@mistake("test_finish_job_in_one_step")
def job_in_place_0_left_alone(moments):
    """The job is the only one in the list, and it was not finished. LPOS returns its index, which is 0, and 0 counts as
    false for `if` and `not`; None is for a job that is not there."""
    return {*moments} == {(1, -2, 0)}


@mistake("test_finish_job_in_one_step")
def finished_in_several_steps(moments):
    """For a moment {what}. If the program ends just then, that is how it stays. MULTI or a script makes one step of it."""
    odd = [moment for moment in moments if moment not in ((1, -2, 0), (0, 1, 1))]
    if not odd or moments[-1] != (0, 1, 1):
        return False
    waiting, ends, counted = odd[0]
    if not waiting and ends == -2:
        return {"what": "the job was in no list, and there was no result"}
    if ends == -1:
        return {"what": "the result had no expiry"}
    if not waiting:
        return {"what": "the job had its result, and was not counted"}
    return {"what": "the result was there and the job still in work" if ends == 1 else "the job was counted too early"}
