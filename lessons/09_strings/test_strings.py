"""Lesson 9: strings, the simplest value in Redis, and what can be built with them."""

import contextlib
import itertools
import json
import re

from workshop.grader import about, expect, one_of, rests_on, trips, wanted

LARGEST_PAGE = 10_000  # keys that Redis may look at in one step: some milliseconds
FILL = "for number = 1, ARGV[1] do redis.call('SET', KEYS[1] .. number, '') end"
ALWAYS_ENDS = wanted("a time to live at each moment, never -1", lambda times: -1 not in times)


def now(redis):
    """Redis' clock in milliseconds."""
    seconds, micros = redis.time()
    return seconds * 1000 + micros // 1000


def parsed(text):
    """The JSON in a text; the text itself if it is not JSON."""
    with contextlib.suppress(ValueError, TypeError):
        return json.loads(text)
    return text


def expect_time_to_live(redis, key, seconds, since):
    """The key was given `seconds` to live at some moment after `since` on Redis' clock."""
    expect(redis.ttl(key), wanted("a time to live", lambda left: left >= 0))
    passed = (now(redis) - since) / 1000
    lives = (redis.pexpiretime(key) - since) / 1000
    expect(lives, wanted(f"{seconds} s to live", lambda left: seconds - 0.05 <= left <= seconds + passed + 0.05))


def expect_same_end(redis, key, end):
    """The key still expires at `end`, in milliseconds on Redis' clock."""
    due = end - now(redis)
    expect(redis.pttl(key), about(due, by=2000))


def test_record_visit_counts(notebook, redis, some):
    """record_visit counts each page for itself and returns the new count"""
    page, other = some.words(2)
    before = some.number(2, 5000)
    redis.set(f"visits:{page}", before)
    counts = [notebook.record_visit(page), notebook.record_visit(page)]
    expect(redis.get(f"visits:{page}"), str(before + 2))
    expect(counts, [before + 1, before + 2])
    expect([type(count).__name__ for count in counts], ["int", "int"])
    expect(notebook.record_visit(other), 1)


@rests_on("test_record_visit_counts")
def test_record_visit_loses_none(notebook, redis, some):
    """record_visit loses no visit when two come at once, and gives no number twice"""
    for at, had in notebook.steps(some.number(2, 5000), 0):
        key, theirs = f"visits:{(page := some.word(12))}", []
        if had:
            redis.set(key, had)
        with notebook.rival(lambda: theirs.append(redis.incr(key)), at=at) as seen:
            mine = notebook.record_visit(page)
        expect(redis.get(key), str(had + 1 + len(theirs)))
        expect(mine, wanted(f"a number that no other visit got, as {theirs} did", lambda mine: mine not in theirs))


def test_save_session_is_json(notebook, redis, some):
    """save_session stores the user as JSON, in the key of its token"""
    token = some.word(16)
    first = {"name": some.spicy(), "visits": some.number(), "admin": some.one_of([True, False]), "cart": []}
    for user in (first, {"name": some.name()}):  # the second one takes the place of the first
        with notebook.counted() as seen:
            notebook.save_session(token, user, some.number(60, 600))
        expect(parsed(redis.get(f"session:{token}")), user)


def test_save_session_expires(notebook, redis, some):
    """save_session lets the session expire on time, also after a part of a second"""
    for seconds in (some.number(60, 600), some.number(20, 90) + 0.5):
        token, since = some.word(16), now(redis)
        notebook.save_session(token, {"name": some.name()}, seconds)
        expect_time_to_live(redis, f"session:{token}", seconds, since)


@rests_on("test_save_session_expires")
def test_save_session_in_one_step(notebook, redis, some):
    """save_session never leaves a session without an expiry, not even for a moment"""
    key, times = f"session:{(token := some.word(16))}", []
    with notebook.rival(lambda: times.append(redis.ttl(key)), before="every"):
        notebook.save_session(token, {"name": some.name()}, some.number(60, 600))
    times.append(redis.ttl(key))
    expect(times, ALWAYS_ENDS)


def test_change_session_keeps_its_time(notebook, redis, some):
    """change_session stores the new user, keeps the time that was left and returns True"""
    key = f"session:{(token := some.word(16))}"
    seconds = 60 * some.number(2, 14) + some.number(17, 43)  # no full minute, as a time of the function's own may be
    old, user = {"name": some.name(), "cart": some.words(2)}, {"name": some.name(), "visits": some.number()}
    redis.set(key, json.dumps(old), ex=seconds)
    end = redis.pexpiretime(key)
    changed = notebook.change_session(token, user)
    expect_same_end(redis, key, end)
    expect(parsed(redis.get(key)), user)
    expect(changed, True)

    for at in notebook.steps():
        key = f"session:{(token := some.word(16))}"
        redis.set(key, json.dumps(old), ex=seconds)
        end = redis.pexpiretime(key) + 1_000_000
        with notebook.rival(lambda: redis.pexpireat(key, end), at=at) as seen:
            notebook.change_session(token, user)
        if seen.acts:
            expect_same_end(redis, key, end)


def test_change_session_revives_none(notebook, redis, some):
    """change_session leaves a session that has expired alone and returns False"""
    key = f"session:{(token := some.word(16))}"
    changed = notebook.change_session(token, {"name": some.name()})
    expect(redis.exists(key), 0)
    expect(changed, False)
    for at in notebook.steps():
        was = []
        redis.set(key, "{}", ex=300)
        with notebook.rival(lambda: was.append(redis.get(key)) or redis.delete(key), at=at) as seen:
            changed = notebook.change_session(token, {"name": some.name()})
        if was:
            expect(redis.exists(key), 0)
        if was == ["{}"]:  # it expired before it was changed
            expect(changed, False)


def test_time_left_tells_the_three_apart(notebook, redis, some):
    """time_left returns the seconds left, "for ever" without an expiry, None without the key"""
    there, empty, eternal, missing = (f"offer:{word}" for word in some.words(4))
    redis.set(eternal, some.text())
    for key, text in ((there, some.text()), (empty, "")):
        redis.set(key, text, ex=(seconds := some.number(100, 900)))
        left = notebook.time_left(key)
        expect(left, one_of(*range(redis.ttl(key) - 1, seconds + 1)))
    expect(notebook.time_left(eternal), "for ever")
    expect(notebook.time_left(missing), None)
    for ending in some.words(3):  # the machine may be too slow for one of them
        redis.set(ending, some.text(), px=450)
        rest = notebook.time_left(ending)
        if redis.exists(ending):
            expect(rest, one_of(0, 1))
            break


def test_read_settings_reads(notebook, redis, some):
    """read_settings returns what is stored, and the default where there is no key"""
    names = some.words(5)
    defaults = {name: some.text() for name in names}
    stored = {name: some.spicy() for name in names[::2]}
    redis.mset({f"setting:{name}": value for name, value in stored.items()})
    with notebook.counted() as seen:
        read = notebook.read_settings(defaults)
    expect(read, defaults | stored)
    expect(notebook.read_settings({}), {})


@rests_on("test_read_settings_reads")
def test_read_settings_takes_empty_as_a_value(notebook, redis, some):
    """read_settings takes "" and "0" for values, not for missing"""
    on, empty = some.words(2)
    defaults = {on: "1", empty: some.word()}
    redis.mset({f"setting:{on}": "0", f"setting:{empty}": ""})
    expect(notebook.read_settings(defaults), {on: "0", empty: ""})


def test_read_settings_in_one_round_trip(notebook, redis, some):
    """read_settings asks Redis once, however many settings there are"""
    defaults = dict.fromkeys(names := some.words(30), some.word())
    redis.mset({f"setting:{name}": some.word() for name in names[::2] + some.words(5, 12)})
    notebook.read_settings(defaults)  # so that Redis knows the script, if there is one
    with notebook.counted() as seen:
        notebook.read_settings(defaults)
    expect(seen, trips(1))


def test_take_lock_lets_one_in(notebook, redis, some):
    """take_lock gives the lock to the first who asks, with an expiry, and to nobody else"""
    key, (mine, theirs), seconds = f"lock:{(name := some.word())}", some.words(2), some.number(20, 90)
    since = now(redis)
    expect(notebook.take_lock(name, mine, seconds), True)
    expect(redis.get(key), mine)
    expect_time_to_live(redis, key, seconds, since)
    end = redis.pexpiretime(key)
    expect((notebook.take_lock(name, theirs, seconds + 500), redis.get(key)), (False, mine))
    expect_same_end(redis, key, end)
    again = notebook.take_lock(name, mine, seconds + 500)
    expect_same_end(redis, key, end)
    expect(again, False)


@rests_on("test_take_lock_lets_one_in")
def test_take_lock_in_one_step(notebook, redis, some):
    """take_lock takes the lock in one step: no second owner, and never a lock without an expiry"""
    key, (mine, theirs), seconds = f"lock:{(name := some.word())}", some.words(2), some.number(20, 90)
    for at in notebook.steps():
        redis.delete(key)
        is_theirs = []
        with notebook.rival(lambda: is_theirs.append(redis.set(key, theirs, nx=True, ex=seconds)), at=at) as seen:
            got = notebook.take_lock(name, mine, seconds)
        expect((got, redis.get(key)), (False, theirs) if is_theirs == [True] else (True, mine))

    key, times = f"lock:{(name := some.word())}", []
    with notebook.rival(lambda: times.append(redis.ttl(key)), before="every"):
        notebook.take_lock(name, mine, seconds)
    times.append(redis.ttl(key))
    expect(times, ALWAYS_ENDS)


def test_release_lock_is_for_its_owner(notebook, redis, some):
    """release_lock frees the lock for its owner only, and returns whether it did"""
    key, (mine, theirs) = f"lock:{(name := some.word())}", some.words(2)
    redis.set(key, theirs, ex=60)
    with notebook.counted() as seen:
        released = notebook.release_lock(name, mine)
    expect((released, redis.get(key)), (False, theirs))
    expect((notebook.release_lock(name, theirs), redis.get(key)), (True, None))
    expect(notebook.release_lock(name, mine), False)


@rests_on("test_release_lock_is_for_its_owner")
def test_release_lock_never_frees_another(notebook, redis, some):
    """release_lock never frees a lock that changed hands a moment ago"""
    key, (mine, theirs) = f"lock:{(name := some.word())}", some.words(2)
    for at in notebook.steps():
        was = []
        redis.set(key, mine, ex=60)
        with notebook.rival(lambda: was.append(redis.get(key)) or redis.set(key, theirs, ex=60), at=at) as seen:
            released = notebook.release_lock(name, mine)
        expect((released, redis.get(key)), (was != [mine], theirs if was else None))
    redis.set(key, theirs, ex=60)
    times = []
    with notebook.rival(lambda: times.append(redis.ttl(key)), before="every"):
        notebook.release_lock(name, mine)
    times.append(redis.ttl(key))
    expect(times, wanted("their lock at each moment, with its expiry", lambda times: min(times) >= 0))


def test_find_keys_finds_all(notebook, redis, some):
    """find_keys returns all keys that begin with the prefix, sorted, each once"""
    kind = some.word(6)
    keys = sorted(f"{kind}:{word}" for word in some.words(12))
    strangers, others = [f"x{keys[0]}", f"other:{keys[1]}"], (f"other:{some.word(4)}:{n}" for n in range(1500))
    for prefix, known in ((f"{kind}:", keys[:6] + strangers), (kind[:4], [*keys, *others])):
        redis.mset(dict.fromkeys(known, ""))
        with notebook.counted() as seen:
            found = notebook.find_keys(prefix)
        expect(found, [key for key in known if key in keys])
    expect(notebook.find_keys(some.word(9)), [])
    if 1000 < (largest := largest_page(seen)) <= LARGEST_PAGE:
        expect_more_than_a_page(notebook, redis, prefix, largest)
    expect_each_once(notebook, redis, prefix)


def largest_page(seen):
    """The largest COUNT that was sent to SCAN."""
    pages = [re.findall(r"\bcount (\d+)", line, re.I) for line in seen.sent if line[:5].lower() == "scan "]
    return max(map(int, itertools.chain(*pages)), default=0)


def expect_more_than_a_page(notebook, redis, prefix, count):
    """All keys are found if there are more than a page of `count` holds."""
    redis.flushdb()
    redis.mset(dict.fromkeys(keys := sorted(f"{prefix}{number}" for number in range(300)), ""))
    redis.eval(FILL, 1, "more:", count + count // 5 + 1500)
    expect(notebook.find_keys(prefix), keys)


def expect_each_once(notebook, redis, prefix):
    """Each key is named once if SCAN hands it out on two pages, as it may when other keys go away meanwhile."""
    for at in (2, 3):
        redis.flushdb()
        redis.mset({f"{prefix}{number}": "" for number in range(2500)})
        _, walk = redis.scan(0, match=f"{prefix}*", count=100_000)
        # Alone in a small table, one of these comes on the second page too, for each COUNT up to 2000.
        stay = dict.fromkeys([walk[0], walk[980], walk[1980]], "")
        with notebook.rival(lambda: redis.pipeline().flushdb().mset(stay).execute(), at=at):
            found = notebook.find_keys(prefix)
        expect(found, wanted("each key once", lambda found: len(found) == len(set(found))))


def test_find_keys_never_blocks(notebook, redis, some):
    """find_keys walks with SCAN, in pages of 10,000 keys at most, and never asks for KEYS"""
    prefix = f"{some.word(6)}:"
    redis.mset({f"{prefix}{word}": "" for word in some.words(30)})
    with notebook.counted() as seen:
        notebook.find_keys(prefix)
    expect(seen["keys"], 0)
    expect(largest_page(seen), wanted("a COUNT of 10000 at most", lambda largest: largest <= LARGEST_PAGE))
    whole = sum(line[:5].lower() == "scan " and len(line.split()) < 20 for line in seen.sent)
    if whole < seen["scan"] or any(map(seen.commands.get, ("eval", "evalsha", "fcall"))):  # a COUNT may be hidden
        redis.eval(FILL, 1, "more:", 3 * LARGEST_PAGE)
        with notebook.counted() as seen:
            notebook.find_keys(prefix)
        expect(seen, wanted("3 × SCAN, a round trip each", lambda seen: 3 <= seen["scan"] <= seen.round_trips))


def window(redis, some):
    """How long a window is, and a moment at the beginning of the next one on Redis' clock."""
    seconds = some.number(900, 9000)
    return seconds, (redis.time()[0] // seconds + 1) * seconds + 0.25


def test_allow_request_lets_so_many_through(notebook, redis, some):
    """allow_request lets each user's first `limit` requests of each window through, and no more"""
    user, limit, (seconds, now) = some.word(), some.number(2, 4), window(redis, some)
    moments = [now, *(limit + 1) * [now + 0.7 * seconds]]  # a rounded window would be the next one
    answers = [notebook.allow_request(user, limit, seconds, moment) for moment in moments]
    expect(redis.keys("*"), [f"rate:{user}:{int(now // seconds)}"])
    expect(answers, [True] * limit + [False] * 2)


@rests_on("test_allow_request_lets_so_many_through")
def test_allow_request_forgets(notebook, redis, some):
    """allow_request never leaves a counter without an expiry: it expires after its window, within 2 × `seconds`"""
    user, times, (seconds, now) = some.word(), [], window(redis, some)
    key = f"rate:{user}:{int(now // seconds)}"
    for _ in range(2):
        with notebook.rival(lambda: times.append(redis.ttl(key)), before="every"):
            notebook.allow_request(user, 5, seconds, now)
        times.append(redis.ttl(key))
    expect(times, ALWAYS_ENDS)
    right = wanted(f"{seconds} to {2 * seconds} s to live", lambda left: seconds - 60 <= left <= 2 * seconds)
    expect(redis.ttl(key), right)
    for at in notebook.steps():
        redis.set(key, 1, ex=seconds)
        with notebook.rival(lambda: redis.delete(key), at=at) as seen:
            notebook.allow_request(user, 5, seconds, now)
        expect(redis.ttl(key), wanted("a time to live, never -1", lambda left: left != -1))


@rests_on("test_allow_request_lets_so_many_through")
def test_allow_request_at_once(notebook, redis, some):
    """allow_request lets no more than `limit` through when several come at once"""
    user, limit, (seconds, now) = some.word(), some.number(2, 9), window(redis, some)
    key = f"rate:{user}:{int(now // seconds)}"
    for at in notebook.steps():
        theirs = []
        redis.set(key, limit - 1, ex=seconds)
        with notebook.rival(lambda: theirs.append(redis.incr(key)), at=at) as seen:
            is_allowed = notebook.allow_request(user, limit, seconds, now)
        expect(is_allowed, theirs != [limit])
