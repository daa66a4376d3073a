"""Lesson 9: strings, the simplest value in Redis, and what can be built with them."""

import contextlib
import itertools
import json
import re

FORGETS = (
    "The key has no time to live. Give SET the time with it (EX or PX), and keep it when the value changes (KEEPTTL)."
)
RACE = "Between reading and writing, someone else changed the value, and that change was lost."
WATCHED_TOO_LATE = "WATCH came after the look, so a change between the two went unnoticed. First WATCH, then read."


def parsed(text):
    """The JSON in a text; the text itself where it is none."""
    with contextlib.suppress(ValueError, TypeError):
        return json.loads(text)
    return text


def now(redis):
    """Redis' clock in milliseconds."""
    seconds, micros = redis.time()
    return seconds * 1000 + micros // 1000


def expect_lifetime(notebook, redis, key, seconds, since, because):
    """The key was given `seconds` to live at some moment after `since` on Redis' clock."""
    end = redis.pexpiretime(key)
    if not since - 50 <= end - seconds * 1000 <= now(redis) + 50:
        notebook.expect(f"about {(end - now(redis)) / 1000:.1f} s left", f"{seconds} s", because)


def on_turn(turn, act):
    """What a rival of `times=turn` does: it lets the turns before the last go by, and then runs `act`."""
    turns = itertools.count(1)
    return lambda: act() if next(turns) == turn else None


def late_watch(seen):
    """Whether a WATCH was among the commands."""
    return any(words[0].lower() == "watch" for words in seen.commands)


def expect_count(notebook, redis, page, count, because):
    """The count of this page, the only one in Redis, is `count`."""
    key = f"visits:{page}"
    stored, others = redis.get(key), [name for name in redis.keys() if name != key]
    if others:
        because = f"What was counted went into the key {others[0]}. It belongs in visits:<page>, here {key}."
    notebook.expect(stored, str(count), because)


def test_record_visit_counts(notebook, redis, some):
    """record_visit counts each page for itself and returns the new count"""
    page, other = some.words(2)
    before = some.number(2, 5000)
    redis.set(f"visits:{page}", before)
    answers = [notebook.record_visit(page), notebook.record_visit(page)]
    expect_count(notebook, redis, page, before + 2, f"The count belongs in the key visits:<page>, here visits:{page}.")
    notebook.expect(
        answers, [before + 1, before + 2], "Each call returns the count with this visit in it, as a number."
    )
    hint = f"A count is a whole number, an int, and {answers[0]} is a float. INCR answers an int."
    assert not any(isinstance(answer, float) for answer in answers), hint
    notebook.expect(
        notebook.record_visit(other), 1, "A page that nobody has seen yet has the count 1 after its first visit."
    )


def test_record_visit_loses_none(notebook, redis, some):
    """record_visit loses no visit when two come at once, and gives no number twice"""
    key = f"visits:{(page := some.word())}"
    redis.set(key, some.number(2, 5000))
    theirs = []
    with notebook.rival(lambda: theirs.append(redis.incr(key)), before="every", times=3):
        mine = notebook.record_visit(page)
        expect_count(notebook, redis, page, theirs[0] + len(theirs), f"{RACE} INCR reads and writes in one step.")
    hint = "Another visit got this number too. INCR's own answer is the number of this visit; a GET after it may already see the next one."
    assert mine not in theirs, hint
    for turn, page in enumerate(some.words(3, 12), 1):
        with notebook.rival(
            on_turn(turn, lambda key=f"visits:{page}": redis.incr(key)), before="any", times=turn
        ) as seen:
            notebook.record_visit(page)
            count = redis.get(f"visits:{page}")
        first = "The first two visits of a page came at once, and one was lost. INCR begins with 0 by itself: nobody has to look first."
        if seen.acted == turn:
            notebook.expect(count, "2", WATCHED_TOO_LATE if late_watch(seen) else first)


def test_save_session_is_json(notebook, redis, some):
    """save_session stores the user as JSON, in the key of its token"""
    token, user = (
        some.word(16),
        {"name": some.spicy(), "visits": some.number(), "admin": some.one_of([True, False]), "cart": []},
    )
    notebook.save_session(token, user, some.number(60, 600))
    text = redis.get(f"session:{token}")
    assert text is not None, f"There is no key session:{token} in Redis after the call."
    stored = parsed(text)
    hint = "What is stored is not JSON. str(user) makes Python's own notation, with ' for quotes; only Python can read that. Use json.dumps(user)."
    notebook.expect(
        stored, user, hint if isinstance(stored, str) else "JSON it is, but it does not hold the user as given."
    )


def test_save_session_expires(notebook, redis, some):
    """save_session lets the session expire on time, also after a part of a second"""
    for seconds in (some.number(60, 600), some.number(20, 90) + 0.5):
        token, since = some.word(16), now(redis)
        notebook.save_session(token, {"name": some.name()}, seconds)
        assert redis.ttl(f"session:{token}") != -1, FORGETS
        hint = "The session does not live for the time that it was given. EX takes whole seconds, PX takes milliseconds, and both want an int."
        expect_lifetime(notebook, redis, f"session:{token}", seconds, since, hint)


def test_save_session_in_one_step(notebook, redis, some):
    """save_session never leaves a session without an expiry, not even for a moment"""
    key, seen = f"session:{(token := some.word(16))}", []
    with notebook.rival(lambda: seen.append(redis.ttl(key)), before="every"):
        notebook.save_session(token, {"name": some.name()}, some.number(60, 600))
        seen.append(redis.ttl(key))
    hint = "For a moment the session was there without a time to live. Should the program end just then, it stays for ever. SET takes value and time in one command."
    assert -1 not in seen, hint


def test_change_session_keeps_its_time(notebook, redis, some):
    """change_session stores the new user, keeps the time that was left and returns True"""
    key, seconds = f"session:{(token := some.word(16))}", some.number(100, 900)
    old, user = {"name": some.name(), "cart": some.words(2)}, {"name": some.name(), "visits": some.number()}
    redis.set(key, json.dumps(old), ex=seconds)
    end = redis.pexpiretime(key)
    answer = notebook.change_session(token, user)
    left = redis.ttl(key)
    assert left != -1, (
        "After the change the session never expires: a plain SET takes the time to live away. SET has an option that keeps it."
    )
    if abs(redis.pexpiretime(key) - end) > 2000:
        notebook.expect(
            f"{left} s left", f"{seconds} s left, as before", "The change must not touch the time that was left."
        )
    stored = parsed(redis.get(key))
    merged = "The new user was merged into the old one. It comes in the place of the old: nothing of that stays."
    notebook.expect(
        stored, user, merged if stored == old | user else "The session does not hold the new user as JSON."
    )
    notebook.expect(answer, True, "The session was there and was changed: that is True.")
    key, ends = f"session:{(token := some.word(16))}", []
    redis.set(key, json.dumps(old), ex=seconds)
    with notebook.rival(lambda: (redis.expire(key, seconds + 1000), ends.append(redis.pexpiretime(key)))):
        notebook.change_session(token, user)
        end = redis.pexpiretime(key)
    hint = "Someone gave the session more time just before it was written, and that is lost: the time was read first and put back after. SET itself can keep it."
    if abs(end - ends[0]) > 2000:
        notebook.expect(f"{redis.ttl(key)} s left", f"{seconds + 1000} s left", hint)


def test_change_session_revives_none(notebook, redis, some):
    """change_session leaves a session that has expired alone and returns False"""
    key = f"session:{(token := some.word(16))}"
    answer = notebook.change_session(token, {"name": some.name()})
    notebook.expect(
        redis.exists(key),
        0,
        "There was no such session, and now there is one that nobody opened. SET has an option for “only if it exists”.",
    )
    notebook.expect(answer, False, "Nothing was changed: that is False, not None.")
    redis.set(key, "{}", ex=300)
    with notebook.rival(lambda: redis.delete(key)):
        answer = notebook.change_session(token, {"name": some.name()})
        back = redis.exists(key)
    hint = "The session expired just before it was written, and the write brought it back. Looking first does not help; SET itself can be told “only if it exists”."
    notebook.expect(back, 0, hint)
    told = "The session expired just before it was written, so nothing was changed: that is False. SET's own answer knows it; a look before does not."
    notebook.expect(answer, False, told)


def test_time_left_tells_the_three_apart(notebook, redis, some):
    """time_left returns the seconds left, "for ever" without an expiry, None without the key"""
    there, eternal, missing = (f"offer:{word}" for word in some.words(3))
    seconds = some.number(100, 900)
    redis.set(there, "", ex=seconds)
    redis.set(eternal, some.text())
    answer = notebook.time_left(there)
    if answer not in range(redis.ttl(there) - 1, seconds + 1):
        empty = 'None is for a key that is not there. This one is there, and its value is "", which counts as false. TTL alone tells all three.'
        notebook.expect(
            answer, seconds, empty if answer is None else "For a key that expires: the whole seconds that are left."
        )
    notebook.expect(
        notebook.time_left(eternal), "for ever", "TTL answers -1 for a key that is there and has no expiry."
    )
    notebook.expect(notebook.time_left(missing), None, "TTL answers -2 for a key that is not there.")
    for ending in some.words(3):
        redis.set(ending, some.text(), px=450)
        answer = notebook.time_left(ending)
        if redis.exists(ending):
            hint = "This key is still there, for less than half a second. TTL answers 0 then, and 0 is a time like any other: it counts as false for `if`."
            assert answer in (0, 1) and not isinstance(answer, bool), f"{hint} Here the answer was {answer!r}."
            break


def test_read_settings_reads(notebook, redis, some):
    """read_settings returns what is stored, and the default where there is no key"""
    names = some.words(5)
    defaults = {name: some.text() for name in names}
    stored = {name: some.spicy() for name in names[::2]}
    redis.mset({f"setting:{name}": value for name, value in stored.items()})
    notebook.expect(
        notebook.read_settings(defaults),
        defaults | stored,
        "One entry for each name in `defaults`: the stored text, or the default.",
    )
    notebook.expect(notebook.read_settings({}), {}, "Without names there is nothing to read: that is an empty dict.")


def test_read_settings_takes_empty_as_a_value(notebook, redis, some):
    """read_settings takes "" and "0" for values, not for missing"""
    on, empty = some.words(2)
    redis.mset({f"setting:{on}": "0", f"setting:{empty}": ""})
    answer = notebook.read_settings({on: "1", empty: some.word()})
    hint = 'Somebody stored "" or "0", and got the default. Both count as false for `or` and `if`; a missing key is None, and only that.'
    notebook.expect(answer, {on: "0", empty: ""}, hint)


def test_read_settings_in_one_round_trip(notebook, redis, some):
    """read_settings asks Redis once, however many settings there are"""
    names = some.words(30)
    defaults = {name: some.word() for name in names}
    redis.mset({f"setting:{name}": some.word() for name in names[::2] + some.words(5, 12)})
    notebook.read_settings(defaults)  # so that Redis knows the script, where there is one
    with notebook.counted() as seen:
        notebook.read_settings(defaults)
    hint = "Redis was asked more than once. MGET answers each value, and None where there is no key: nothing has to be asked before."
    if seen["get"] > 1:
        hint = "Each setting is asked for on its own, and each question waits for its answer. MGET reads many keys at once."
    elif seen["keys"] or seen["scan"]:
        hint = "The keys were searched for, through the whole database, though their names are known. Make the keys of the names, and ask with one MGET."
    if seen.round_trips > 1:
        notebook.expect(f"{seen.round_trips} round trips ({seen})", "1 round trip", hint)


def test_take_lock_lets_one_in(notebook, redis, some):
    """take_lock gives the lock to the first who asks, with an expiry, and to nobody else"""
    name, (mine, theirs), seconds = some.word(), some.words(2), some.number(20, 90)
    since = now(redis)
    notebook.expect(
        notebook.take_lock(name, mine, seconds),
        True,
        "The lock was free: the first who asks gets it, and that is True.",
    )
    notebook.expect(
        redis.get(f"lock:{name}"),
        mine,
        "The lock is the key lock:<name>, and its value is the token of the one who has it.",
    )
    assert redis.ttl(f"lock:{name}") != -1, (
        "The lock never ends by itself. If its owner crashes, nobody ever gets it again. Give it an expiry."
    )
    expect_lifetime(
        notebook, redis, f"lock:{name}", seconds, since, "The lock does not end after the seconds that were asked for."
    )
    end = redis.pexpiretime(f"lock:{name}")
    notebook.expect(
        notebook.take_lock(name, theirs, seconds + 500),
        False,
        "The lock is taken: for everyone else that is False, not None.",
    )
    notebook.expect(
        redis.get(f"lock:{name}"),
        mine,
        "The second who asked took the lock away from the first. SET has an option for “only if there is none”.",
    )
    hint = "Who did not get the lock gave it more time: the expiry was set although the lock was taken. SET with NX and EX does both, or neither."
    if redis.pexpiretime(f"lock:{name}") != end:
        notebook.expect(f"{redis.ttl(f'lock:{name}')} s left", f"at most {seconds} s left", hint)


def test_take_lock_in_one_step(notebook, redis, some):
    """take_lock takes it in one step: no second owner, and never a lock without an expiry"""
    key, (mine, theirs), seconds = f"lock:{(name := some.word())}", some.words(2), some.number(20, 90)
    got = []
    with notebook.rival(lambda: got.append(redis.set(key, theirs, nx=True, ex=seconds))):
        answer = notebook.take_lock(name, mine, seconds)
        owner = redis.get(key)
    hint = "Someone took the lock between the look and the SET, and now two believe that they have it. SET can look and take in one step."
    notebook.expect((answer, owner), (False, theirs), hint)
    key, seen = f"lock:{(name := some.word())}", []
    with notebook.rival(lambda: seen.append(redis.ttl(key)), before="every"):
        notebook.take_lock(name, mine, seconds)
        seen.append(redis.ttl(key))
    assert -1 not in seen, (
        "For a moment the lock had no expiry. A crash just then locks everyone out for ever. SET takes NX and EX together."
    )


def test_release_lock_is_for_its_owner(notebook, redis, some):
    """release_lock frees the lock for its owner only, and tells whether it did"""
    key, (mine, theirs) = f"lock:{(name := some.word())}", some.words(2)
    redis.set(key, theirs, ex=60)
    notebook.expect(
        notebook.release_lock(name, mine), False, "This lock belongs to someone else: nothing to release, so False."
    )
    notebook.expect(
        redis.get(key),
        theirs,
        "That lock belonged to someone else, and now it is gone. Compare the token before you delete.",
    )
    answer = notebook.release_lock(name, theirs)
    notebook.expect(
        redis.exists(key),
        0,
        f"Its owner released the lock, and the key lock:<name>, here {key}, is still there. Was another key asked?",
    )
    notebook.expect(answer, True, "The owner released the lock: that is True.")
    notebook.expect(notebook.release_lock(name, mine), False, "There was no lock: that is False.")


def test_release_lock_never_frees_another(notebook, redis, some):
    """release_lock never frees a lock that changed hands a moment ago"""
    key, (mine, theirs) = f"lock:{(name := some.word())}", some.words(2)
    redis.set(key, mine, ex=60)
    with notebook.rival(lambda: redis.set(key, theirs, ex=60)):
        answer = notebook.release_lock(name, mine)
        owner = redis.get(key)
    hint = "Between the look and the DEL the lock expired and someone else took it; the DEL freed theirs. Compare and delete in one step: a Lua script, or WATCH."
    notebook.expect(owner, theirs, hint)
    told = "Someone else took the lock just before, so nothing was released: that is False. Where WATCH made EXEC fail, the DEL was not done."
    notebook.expect(answer, False, told)
    for turn in (1, 2, 3):
        redis.set(key, mine, ex=60)
        with notebook.rival(on_turn(turn, lambda: redis.set(key, theirs, ex=60)), before="any", times=turn) as seen:
            notebook.release_lock(name, mine)
            owner = redis.get(key)
        if seen.acted == turn:
            notebook.expect(owner, theirs, WATCHED_TOO_LATE if late_watch(seen) else hint)


NOT_THE_END = "Keys are missing. A SCAN page may be empty though more follow: the end is where the cursor is 0 again."


def largest_count(sent):
    """The largest COUNT that SCAN was sent with; 0 where it had none."""
    return max(
        (int(count) for line in sent for count in re.findall(r"^scan .*\bcount (\d+)", line, re.IGNORECASE)), default=0
    )


def expect_all(notebook, answer, wanted, because=NOT_THE_END):
    """The answer is the sorted list of the keys `wanted`; `because` is the hint where some are missing and nothing else is wrong."""
    only_missing = isinstance(answer, list) and len(answer) < len(wanted) and all(key in wanted for key in answer)
    notebook.expect(
        answer,
        sorted(wanted),
        because if only_missing else "A sorted list of all keys that begin with the prefix, and of no others.",
    )


def test_find_keys_finds_all(notebook, redis, some):
    """find_keys returns all keys that begin with the prefix, sorted, each once"""
    prefix = f"{some.word(6)}:"
    wanted = [f"{prefix}{word}" for word in some.words(6)]
    inside = [f"x{wanted[0]}", f"other:{wanted[1]}"]
    redis.mset(dict.fromkeys(wanted[:3] + inside, ""))
    answer = notebook.find_keys(prefix)
    anywhere = (
        "These keys hold the prefix, and some do not begin with it. A `*` before it, or `in`, finds it anywhere."
    )
    if isinstance(answer, list) and any(key in inside for key in answer):
        notebook.expect(answer, sorted(wanted[:3]), anywhere)
    pattern = "Nothing was found. MATCH wants a pattern for the whole key: a prefix needs a `*` behind it, which stands for all that may follow."
    expect_all(notebook, answer, wanted[:3], NOT_THE_END if answer else pattern)

    redis.mset(dict.fromkeys([*wanted, *(f"other:{some.word(4)}:{number}" for number in range(1500))], ""))
    with notebook.counted() as seen:
        answer = notebook.find_keys(prefix)
    expect_all(notebook, answer, wanted)
    notebook.expect(notebook.find_keys(some.word(9)), [], "No key begins with this: that is an empty list.")

    if 1000 < (count := largest_count(seen.sent)) <= 50_000:
        wanted += [f"{prefix}{number}" for number in range(300)]
        redis.mset(dict.fromkeys(wanted, ""))
        redis.eval(
            "for number = 1, ARGV[1] do redis.call('SET', KEYS[1] .. number, '') end", 1, "more:", count + count // 5
        )
        hint = "Keys are missing. However large COUNT is, one day there are more keys than that: the end is where the cursor is 0 again."
        expect_all(notebook, notebook.find_keys(prefix), wanted, hint)

    redis.flushdb()
    redis.mset({f"{prefix}{number}": "" for number in range(2500)})
    _, walk = redis.scan(0, match=f"{prefix}*", count=100_000)
    stay = [
        walk[at] for at in (0, 980, 1980)
    ]  # alone in a small table, one of them comes on the second page too, for each COUNT up to 2000
    with notebook.rival(
        on_turn(2, lambda: redis.pipeline().flushdb().mset(dict.fromkeys(stay, "")).execute()), before="every", times=2
    ):
        answer = notebook.find_keys(prefix)
    hint = "A key came twice. SCAN may hand out a key on two of its pages, when other keys go away meanwhile. A set keeps each once."
    assert len(answer) == len(set(answer)), hint


def test_find_keys_never_blocks(notebook, redis, some):
    """find_keys walks with SCAN and never asks for KEYS"""
    prefix = f"{some.word(6)}:"
    redis.mset({f"{prefix}{word}": "" for word in some.words(30)})
    with notebook.counted() as seen:
        notebook.find_keys(prefix)
    hint = "KEYS walks through all keys in one go, and everyone else waits for that long. With millions of keys that is seconds. SCAN does it page by page."
    notebook.expect(seen["keys"], 0, hint)
