"""Lesson 9: strings, the simplest value in Redis, and what can be built with them."""

import contextlib
import json

FORGETS = "The key has no time to live. Give SET the time with it (EX or PX), and keep it when the value changes (KEEPTTL)."
RACE = "Between reading and writing, someone else changed the value, and that change was lost."


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


def test_record_visit_counts(notebook, redis, some):
    """record_visit counts each page for itself and returns the new count"""
    page, other = some.words(2)
    before = some.number(2, 5000)
    redis.set(f"visits:{page}", before)
    answers = [notebook.record_visit(page), notebook.record_visit(page)]
    notebook.expect(answers, [before + 1, before + 2], "Each call returns the count with this visit in it, as a number.")
    notebook.expect(redis.get(f"visits:{page}"), str(before + 2), f"The count belongs in the key visits:<page>, here visits:{page}.")
    notebook.expect(notebook.record_visit(other), 1, "A page that nobody has seen yet has the count 1 after its first visit.")


def test_record_visit_loses_none(notebook, redis, some):
    """record_visit loses no visit when two come at once, and gives no number twice"""
    key = f"visits:{(page := some.word())}"
    redis.set(key, some.number(2, 5000))
    theirs = []
    with notebook.rival(lambda: theirs.append(redis.incr(key)), before="every", times=3):
        mine = notebook.record_visit(page)
        count = redis.get(key)
    notebook.expect(count, str(theirs[0] + len(theirs)), f"{RACE} INCR reads and writes in one step.")
    hint = "Another visit got this number too. INCR's own answer is the number of this visit; a GET after it may already see the next one."
    assert mine not in theirs, hint


def test_save_session_is_json(notebook, redis, some):
    """save_session stores the user as JSON, in the key of its token"""
    token, user = some.word(16), {"name": some.spicy(), "visits": some.number(), "admin": some.one_of([True, False]), "cart": []}
    notebook.save_session(token, user, some.number(60, 600))
    text = redis.get(f"session:{token}")
    assert text is not None, f"There is no key session:{token} in Redis after the call."
    stored = parsed(text)
    hint = "What is stored is not JSON. str(user) makes Python's own notation, with ' for quotes; only Python can read that. Use json.dumps(user)."
    notebook.expect(stored, user, hint if isinstance(stored, str) else "JSON it is, but it does not hold the user as given.")


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
    redis.set(key, json.dumps({"name": some.name()}), ex=seconds)
    user = {"name": some.name(), "visits": some.number()}
    end = redis.pexpiretime(key)
    answer = notebook.change_session(token, user)
    left = redis.ttl(key)
    assert left != -1, "After the change the session never expires: a plain SET takes the time to live away. SET has an option that keeps it."
    if abs(redis.pexpiretime(key) - end) > 2000:
        notebook.expect(f"{left} s left", f"{seconds} s left, as before", "The change must not touch the time that was left.")
    notebook.expect(parsed(redis.get(key)), user, "The session does not hold the new user as JSON.")
    notebook.expect(answer, True, "The session was there and was changed: that is True.")


def test_change_session_revives_none(notebook, redis, some):
    """change_session leaves a session that has expired alone and returns False"""
    key = f"session:{(token := some.word(16))}"
    answer = notebook.change_session(token, {"name": some.name()})
    notebook.expect(
        redis.exists(key), 0, "There was no such session, and now there is one that nobody opened. SET has an option for “only if it exists”."
    )
    notebook.expect(answer, False, "Nothing was changed: that is False, not None.")
    redis.set(key, "{}", ex=300)
    with notebook.rival(lambda: redis.delete(key)):
        notebook.change_session(token, {"name": some.name()})
        back = redis.exists(key)
    hint = "The session expired just before it was written, and the write brought it back. Looking first does not help; SET itself can be told “only if it exists”."
    notebook.expect(back, 0, hint)


def test_time_left_tells_the_three_apart(notebook, redis, some):
    """time_left returns the seconds left, "for ever" without an expiry, None without the key"""
    there, eternal, missing = (f"offer:{word}" for word in some.words(3))
    seconds = some.number(100, 900)
    redis.set(there, some.text(), ex=seconds)
    redis.set(eternal, some.text())
    answer = notebook.time_left(there)
    if answer not in range(redis.ttl(there) - 1, seconds + 1):
        notebook.expect(answer, seconds, "For a key that expires: the whole seconds that are left.")
    notebook.expect(notebook.time_left(eternal), "for ever", "TTL answers -1 for a key that is there and has no expiry.")
    notebook.expect(notebook.time_left(missing), None, "TTL answers -2 for a key that is not there.")


def test_read_settings_reads(notebook, redis, some):
    """read_settings returns what is stored, and the default where there is no key"""
    names = some.words(5)
    defaults = {name: some.text() for name in names}
    stored = {name: some.spicy() for name in names[::2]}
    redis.mset({f"setting:{name}": value for name, value in stored.items()})
    notebook.expect(notebook.read_settings(defaults), defaults | stored, "One entry for each name in `defaults`: the stored text, or the default.")
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
    defaults = {name: some.word() for name in some.words(40)}
    with notebook.counted() as seen:
        notebook.read_settings(defaults)
    hint = "Each setting is asked for on its own, and each question waits for its answer. MGET reads many keys at once."
    if seen.round_trips > 2:
        notebook.expect(f"{seen.round_trips} round trips ({seen})", "1 round trip", hint)


def test_take_lock_lets_one_in(notebook, redis, some):
    """take_lock gives the lock to the first who asks, with an expiry, and to nobody else"""
    name, (mine, theirs), seconds = some.word(), some.words(2), some.number(20, 90)
    since = now(redis)
    notebook.expect(notebook.take_lock(name, mine, seconds), True, "The lock was free: the first who asks gets it, and that is True.")
    notebook.expect(redis.get(f"lock:{name}"), mine, "The lock is the key lock:<name>, and its value is the token of the one who has it.")
    assert redis.ttl(f"lock:{name}") != -1, "The lock never ends by itself. If its owner crashes, nobody ever gets it again. Give it an expiry."
    expect_lifetime(notebook, redis, f"lock:{name}", seconds, since, "The lock does not end after the seconds that were asked for.")
    notebook.expect(notebook.take_lock(name, theirs, seconds), False, "The lock is taken: for everyone else that is False, not None.")
    notebook.expect(
        redis.get(f"lock:{name}"), mine, "The second who asked took the lock away from the first. SET has an option for “only if there is none”."
    )


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
    assert -1 not in seen, "For a moment the lock had no expiry. A crash just then locks everyone out for ever. SET takes NX and EX together."


def test_release_lock_is_for_its_owner(notebook, redis, some):
    """release_lock frees the lock for its owner only, and tells whether it did"""
    key, (mine, theirs) = f"lock:{(name := some.word())}", some.words(2)
    redis.set(key, theirs, ex=60)
    notebook.expect(notebook.release_lock(name, mine), False, "This lock belongs to someone else: nothing to release, so False.")
    notebook.expect(redis.get(key), theirs, "That lock belonged to someone else, and now it is gone. Compare the token before you delete.")
    notebook.expect(notebook.release_lock(name, theirs), True, "The owner released the lock: that is True.")
    notebook.expect(redis.exists(key), 0, "After its owner released it, the lock is still there.")
    notebook.expect(notebook.release_lock(name, mine), False, "There was no lock: that is False.")


def test_release_lock_never_frees_another(notebook, redis, some):
    """release_lock never frees a lock that changed hands a moment ago"""
    key, (mine, theirs) = f"lock:{(name := some.word())}", some.words(2)
    redis.set(key, mine, ex=60)
    with notebook.rival(lambda: redis.set(key, theirs, ex=60)):
        notebook.release_lock(name, mine)
        owner = redis.get(key)
    hint = "Between the look and the DEL the lock expired and someone else took it; the DEL freed theirs. Compare and delete in one step: a Lua script, or WATCH."
    notebook.expect(owner, theirs, hint)


def test_find_keys_finds_all(notebook, redis, some):
    """find_keys returns all keys that begin with the prefix, sorted, each once"""
    prefix = f"{some.word(6)}:"
    others = {f"other:{some.word(4)}:{number}": "" for number in range(1500)}
    wanted = {f"{prefix}{word}": "" for word in some.words(6)}
    redis.mset(others | wanted)
    answer = notebook.find_keys(prefix)
    hint = "Keys are missing. A SCAN page may be empty though more follow: the end is where the cursor is 0 again."
    if isinstance(answer, list) and set(answer) < set(wanted):
        notebook.expect(answer, sorted(wanted), hint)
    notebook.expect(answer, sorted(wanted), "A sorted list of all keys that begin with the prefix, and of no others.")
    notebook.expect(notebook.find_keys(some.word(9)), [], "No key begins with this: that is an empty list.")


def test_find_keys_never_blocks(notebook, redis, some):
    """find_keys walks with SCAN and never asks for KEYS"""
    prefix = f"{some.word(6)}:"
    redis.mset({f"{prefix}{word}": "" for word in some.words(30)})
    with notebook.counted() as seen:
        notebook.find_keys(prefix)
    hint = "KEYS walks through all keys in one go, and everyone else waits for that long. With millions of keys that is seconds. SCAN does it page by page."
    notebook.expect(seen["keys"], 0, hint)
