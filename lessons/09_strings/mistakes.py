"""What goes wrong in lesson 9. Looked through from the top after a check has failed; the first that holds is told."""

import itertools
import json

from workshop.grader import mistake

LOOKS = {"get", "exists", "ttl", "pttl", "mget", "type", "strlen"}
PASSED = {"EXAT": 10**9, "PXAT": 10**12}  # options of SET that name a moment, and one of the year 2001


def names(seen):
    """The names of the commands that were sent while a rival stood by, in small letters."""
    return [words[0].lower() for words in seen.commands]


def looked_before(name, seen):
    """Whether a command that only reads was sent before the command `name`."""
    sent = names(seen)
    return name in sent and bool(LOOKS & set(sent[: sent.index(name)]))


def parsed(text):
    """The JSON in a text; None if it is not JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def another(redis, key):
    """This key and another one that is in Redis, to fill a sentence; None if there is no other."""
    others = sorted(name for name in redis.keys() if name != key)
    return {"key": key, "other": others[0]} if others else None


@mistake("test_record_visit_counts")
def counted_under_another_key(redis, page, actual, before):
    """What was counted went into the key {other}. It belongs in visits:<page>, here {key}."""
    return actual == str(before) and another(redis, f"visits:{page}")


@mistake("test_record_visit_counts")
def nothing_counted_in_redis(redis, actual, before):
    """In Redis the count is what it was, {before}: the visits were not counted there. A count in Python is lost with its
    program, and each program would have its own."""
    return actual == str(before) and len(redis.keys()) == 1 and {"before": before}


@mistake("test_record_visit_counts")
def count_as_text(counts):
    """The count came as the string {count}. GET returns text; what INCR returns is an int, and it is the number of this
    visit."""
    texts = [count for count in counts if isinstance(count, str) and count.isdecimal()]
    return {"count": repr(texts[0])} if texts else False


@mistake("test_record_visit_counts")
def number_inside_a_text(counts):
    """The count came inside a text, {count}. Return the number alone, an int: whoever calls the function writes the
    sentence."""
    texts = [count for count in counts if isinstance(count, str) and not count.isdecimal()]
    return {"count": repr(texts[0])} if texts else False


@mistake("test_record_visit_counts")
def counted_twice(actual, before):
    """There were two visits, and the count rose by four. Each call of INCR counts one; keep what it returns in a
    variable."""
    return actual == str(before + 4)


@mistake("test_record_visit_counts")
def returns_a_float(counts):
    """The count came as the float {count}. A count is a whole number, and INCR's answer is an int."""
    floats = [count for count in counts if isinstance(count, float)]
    return {"count": floats[0]} if floats else False


@mistake("test_record_visit_loses_none")
def locked_for_oneself(seen, page):
    """A lock was taken, then the count was read and written. Another program counted in between with INCR: a lock holds
    up only those who ask for the same lock. INCR needs none."""
    taken = [words[1] for words in seen.commands if words[0].lower() == "set" and "NX" in map(str.upper, words[3:])]
    return bool(taken) and f"visits:{page}" not in taken


@mistake("test_record_visit_loses_none", "test_release_lock_never_frees_another")
def watched_after_reading(seen):
    """WATCH came after the look, so a change between the two went unnoticed. First WATCH, then read."""
    return looked_before("watch", seen)


@mistake("test_record_visit_loses_none")
def first_visit_handled_apart(seen, had, actual, expected):
    """The first two visits of a page came at once, and one was lost: the first look found no count.
    INCR begins with 0 by itself: nobody has to look first."""
    return had == 0 and (actual, expected) == ("1", "2") and looked_before("set", seen)


@mistake("test_record_visit_loses_none")
def read_then_written(seen):
    """Between reading and writing, someone else changed the count, and that change was lost. INCR reads and writes in
    one step."""
    return looked_before("set", seen)


@mistake("test_record_visit_loses_none")
def count_read_after_incr(seen, mine, theirs):
    """Another visit got this number too. INCR's own answer is the number of this visit;
    the GET after it may already see the next visit."""
    sent = names(seen)
    return mine in theirs and "get" in sent and any(name.startswith("incr") for name in sent[: sent.index("get")])


@mistake("test_save_session_is_json", "test_save_session_expires")
def session_under_another_key(redis, token, actual):
    """There is no key {key} in Redis after the call. The session went into the key {other}."""
    return actual in (None, -2) and another(redis, f"session:{token}")


@mistake("test_save_session_is_json")
def end_in_the_past(seen, actual):
    """The session was stored with {option} {moment}, and gone at once: that is a moment, counted from 1970, and not a
    length of time. EX and PX take how long it lives."""
    pairs = [pair for words in seen.sent for pair in itertools.pairwise(words.split())]
    moments = [(name.upper(), int(text)) for name, text in pairs if name.upper() in PASSED and text.isdecimal()]
    past = [pair for pair in moments if pair[1] < PASSED[pair[0]]]
    return actual is None and past and {"option": past[0][0], "moment": past[0][1]}


@mistake("test_save_session_is_json")
def old_session_kept(actual, first, user):
    """There was a session with this token, and it is as it was. The new one takes its place: a plain SET writes over
    what is there; with nx it writes only if there is no such key."""
    return user != first and actual == first


@mistake("test_save_session_is_json")
def list_of_pairs_stored(actual, user):
    """What is stored is a list of the dict's names and values, as JSON. json.dumps takes the dict itself:
    json.dumps(user)."""
    return actual == [list(pair) for pair in user.items()]


@mistake("test_save_session_is_json")
def nothing_stored(redis, actual, seen):
    """After the call there is nothing in Redis: the session was not stored."""
    return actual is None and not redis.keys() and all(line.split()[0].lower() in LOOKS for line in seen.sent)


@mistake("test_save_session_is_json", "test_change_session_keeps_its_time")
def python_notation_for_json(user, actual):
    """What is stored is not JSON. str(user) makes Python's own notation, with ' for quotes; only Python can read
    that. Use json.dumps(user)."""
    return actual == str(user)


@mistake("test_save_session_is_json")
def dumped_twice(user, actual):
    """What is stored is JSON inside JSON: json.dumps was called on a string that was JSON already. Call it once, on the
    dict."""
    return isinstance(actual, str) and parsed(actual) == user and actual != str(user)


@mistake("expect_time_to_live")
def milliseconds_for_seconds(seconds, lives):
    """The key should live for {seconds} s and lives for {lives} s, a thousand times {how}: `ex` counts seconds, `px`
    milliseconds."""
    for how, factor in (("as long", 1000), ("less", 0.001)):
        if seconds * factor * 0.9 - 0.5 <= lives <= seconds * factor * 1.1 + 0.5 and abs(lives - seconds) > 1:
            return {"seconds": seconds, "lives": f"{lives:.2f}", "how": how}
    return False


@mistake("expect_time_to_live")
def not_a_thousand_in_a_second(seconds, lives):
    """The key should live for {seconds} s and lives for {lives} s, {part}. A second has 1,000 milliseconds, and PX
    counts those."""
    parts = {"a tenth of that": 0.1, "a hundredth of that": 0.01, "ten times that": 10, "a hundred times that": 100}
    found = [part for part, factor in parts.items() if abs(lives - seconds * factor) < 0.1 + 0.001 * seconds * factor]
    return found and {"seconds": seconds, "lives": f"{lives:.2f}", "part": found[0]}


@mistake("test_save_session_expires")
def session_never_expires(actual):
    """The session has no time to live, so it stays for ever. Give SET the time together with the value: EX or PX."""
    return actual == -1


@mistake("test_save_session_expires", "expect_time_to_live")
def part_of_a_second_lost(seconds, lives):
    """The session should live for {seconds} s and lives for {lives} s: the part of a second was rounded away.
    EX takes whole seconds, PX takes milliseconds, and both want an int."""
    is_lost = seconds % 1 != 0 and abs(lives - seconds) < 1
    return {"seconds": seconds, "lives": f"{lives:.1f}"} if is_lost else False


@mistake("test_save_session_in_one_step")
def session_expiry_set_afterwards(times):
    """For a moment the session was there without a time to live. If the program ends just then, it stays for ever.
    SET takes the value and the time in one command."""
    return -1 in times and times[-1] >= 0


@mistake("test_change_session_keeps_its_time")
def changed_under_another_key(redis, key, old, token):
    """The session {key} is as it was, and the new user went into the key {other}. The key is session:<token>."""
    return redis.get(key) == json.dumps(old) and another(redis, key)


@mistake("test_change_session_keeps_its_time")
def plain_set_drops_the_expiry(actual):
    """After the change the session never expires: a plain SET takes the time to live away. SET has an option that
    keeps it."""
    return actual == -1


@mistake("test_change_session_keeps_its_time")
def session_left_as_it_was(actual, old):
    """The session is there, and it is as it was: nothing was written. SET with nx writes only if there is no such key;
    with xx, only if there is one."""
    return actual == old


@mistake("test_change_session_keeps_its_time")
def false_for_a_changed_session(actual, expected):
    """The session was changed and kept its time, and the function returned False. It must return True then. redis-py's
    `set` returns True if it wrote, not "OK", and None if it did not.
    """
    return (actual, expected) == (False, True)


@mistake("test_change_session_keeps_its_time")
def old_session_merged_in(actual, old, user):
    """The new user was merged into the old one. It replaces the old one: nothing of that stays."""
    return actual == old | user


@mistake("test_change_session_keeps_its_time", "expect_same_end")
def time_left_put_back(actual, due, seconds):
    """Someone gave the session more time just before it was written, and that is lost: the time was read first and
    put back after. SET itself can keep it."""
    return due > (seconds + 500) * 1000 and 0 < actual <= seconds * 1000


@mistake("test_change_session_keeps_its_time", "expect_same_end")
def another_expiry_given(due, actual, seconds, changed=None):
    """The session had {due} s left, and after the change it has {actual}: it was given a time of its own. SET itself can
    keep the time that is left."""
    is_so = changed is not None and 0 < actual and due <= (seconds + 500) * 1000
    return is_so and {"due": due // 1000, "actual": actual // 1000}


@mistake("test_change_session_revives_none")
def looked_before_set(redis, key, seen):
    """The session expired just before it was written, and the write brought it back. Looking first does not help;
    SET itself can be told “only if it exists”."""
    return redis.exists(key) and looked_before("set", seen)


@mistake("test_change_session_revives_none")
def expired_session_revived(redis, key):
    """There was no such session, and now there is one that nobody opened. SET has an option for “only if it
    exists”."""
    return redis.exists(key)


@mistake("test_change_session_revives_none")
def true_for_a_session_just_expired(seen, actual):
    """The session expired just before it was written, so nothing was changed: return False.
    SET's own answer tells whether it wrote; a look before does not."""
    return actual is True


@mistake("test_change_session_revives_none")
def true_without_a_session(actual, seen=None):
    """There was no such session, nothing was written, and the function returned True. SET's own answer tells whether it
    wrote."""
    return actual is True and seen is None


@mistake("test_change_session_revives_none", "test_take_lock_lets_one_in")
def none_for_false(actual, expected):
    """Nothing was done, so the function must return False, and it returned None. redis-py's `set` returns None if it
    wrote nothing, and a script's `false` comes back as None: bool(…) makes False of both."""
    first_actual, first_expected = (one[0] if isinstance(one, tuple) else one for one in (actual, expected))
    return first_actual is None and first_expected is False


@mistake("test_release_lock_is_for_its_owner")
def false_of_a_script(actual, expected, seen, theirs):
    """Nothing was done, so the function must return False, and it returned None. A script's `false` comes back as
    None: bool(…) makes False of it."""
    scripts = [words for words in seen.sent if words.lower().startswith(("eval", "fcall"))]
    return scripts and (actual, expected) == ((None, theirs), (False, theirs))


@mistake("test_time_left_tells_the_three_apart")
def empty_value_taken_for_no_key(actual, text, key, left):
    """None is for a key that is not there. This one is there, and its value is "", which counts as false; with another
    value the answer was right. TTL alone tells all three apart."""
    return text == "" and left is None and actual is None and key


@mistake("test_time_left_tells_the_three_apart")
def minus_one_taken_for_missing(actual, expected):
    """This key is there and has no expiry, and the function returned None.
    TTL returns -1 for a key without an expiry, and -2 for a key that is not there."""
    return expected == "for ever" and actual is None


@mistake("test_time_left_tells_the_three_apart")
def for_ever_spelled_otherwise(actual, expected):
    """The function returned {actual}. What was promised is "for ever": two words, small letters."""
    is_so = expected == "for ever" and isinstance(actual, str) and "".join(actual.lower().split()) == "forever"
    return is_so and {"actual": repr(actual)}


@mistake("test_time_left_tells_the_three_apart")
def none_as_a_word(actual, expected):
    """The function returned the string {actual}, a word of four letters. None without quotes is Python's own value for
    "nothing there"."""
    return expected is None and actual == "None" and {"actual": repr(actual)}


@mistake("test_time_left_tells_the_three_apart")
def missing_taken_for_ever(actual, expected):
    """There is no such key, and the function returned "for ever". TTL returns -2 for a key that is not there, and -1
    for one without an expiry. PTTL does too, and // 1000 makes -1 of both: TTL counts in seconds by itself.
    """
    return expected is None and actual == "for ever"


@mistake("test_time_left_tells_the_three_apart")
def number_of_ttl_returned(actual, expected):
    """{actual} is TTL's own sign: -1 stands for "no expiry", -2 for "no such key". The function must return {expected}
    then.
    """
    return actual in (-1, -2) and actual is not True and {"actual": actual, "expected": repr(expected)}


@mistake("test_time_left_tells_the_three_apart")
def no_expiry_taken_for_0_seconds(actual, expected):
    """This key never expires, and the function returned 0. TTL and PTTL return -1 for it; divided by 1000 and made whole,
    that is 0. TTL counts in seconds by itself."""
    return expected == "for ever" and type(actual) is int and actual == 0


@mistake("test_time_left_tells_the_three_apart")
def milliseconds_returned(left, seconds, actual):
    """The key has about {seconds} s left, and the function returned {actual}: those are milliseconds. TTL counts seconds,
    PTTL milliseconds."""
    is_so = type(actual) is int and actual is left and seconds * 900 < left <= seconds * 1000
    return {"seconds": seconds, "actual": actual} if is_so else False


@mistake("test_time_left_tells_the_three_apart")
def zero_seconds_taken_for_gone(rest):
    """This key is still there, for less than half a second, and the function returned None. TTL returns 0 then,
    and 0 is a time like any other, though it counts as false for `if`."""
    return rest is None


@mistake("test_read_settings_reads")
def settings_under_another_key(seen, names):
    """Redis was asked for the key {asked}. A setting is in the key setting:<name>, here setting:{name}."""
    words = [word for line in seen.sent if line.lower().startswith(("get ", "mget ")) for word in line.split()[1:]]
    asked = [(word, name) for word in words for name in names if word.endswith(name)]
    is_so = asked and not any(word.startswith("setting:") for word in words)
    return {"asked": asked[0][0], "name": asked[0][1]} if is_so else False


@mistake("test_read_settings_reads")
def settings_in_a_hash(seen):
    """Redis was asked for fields of a hash: {command}. Each setting is a string of its own, in the key setting:<name>;
    MGET reads many of them."""
    asked = [line.split() for line in seen.sent if line.lower().startswith(("hget", "hmget"))]
    return {"command": " ".join(asked[0][:2])} if asked else False


@mistake("test_read_settings_reads")
def pattern_for_the_names(seen):
    """Redis was asked for the key {key}, with the `*` in its name. MGET takes whole keys; only SCAN and KEYS know
    patterns. The names are known: make a key of each.
    """
    words = [word for line in seen.sent if line.lower().startswith(("get ", "mget ")) for word in line.split()[1:]]
    return {"key": "".join(words[:1])} if words and all(word.endswith("*") for word in words) else False


@mistake("test_read_settings_reads")
def redis_not_asked(seen):
    """Redis was not asked at all: no command was sent."""
    return not seen.sent


@mistake("test_read_settings_reads")
def values_without_names(actual):
    """The values came as a list. The dict has to be made of them: each name with its value, or its default if that is
    None."""
    return isinstance(actual, list)


@mistake("test_read_settings_reads")
def keys_for_names(actual, names):
    """The dict has the keys of Redis, setting:…, where the names should be."""
    return isinstance(actual, dict) and any(f"setting:{name}" in actual for name in names)


@mistake("test_read_settings_reads")
def defaults_left_out(actual, stored):
    """Only what is stored came back. A name without a key belongs in the dict too, with its default."""
    return actual == stored


@mistake("test_read_settings_reads")
def values_with_other_names(actual, stored):
    """The value of one setting came back under the name of another, {name}. MGET returns its values in the order of the
    keys that it was given: put them together with the names in just this order."""
    odd = [name for name, value in stored.items() if isinstance(actual, dict) and actual.get(name) != value]
    given = list(actual.values()) if odd else []
    strange = [name for name in odd if actual.get(name) in stored.values() or stored[name] in given]
    return {"name": strange[0]} if strange else False


@mistake("test_read_settings_reads")
def none_in_place_of_the_default(actual, defaults):
    """The setting {name} has no key in Redis, and came back as None. Return its default then: {default}."""
    without = [name for name in defaults if isinstance(actual, dict) and actual.get(name, "") is None]
    return {"name": without[0], "default": repr(defaults[without[0]])} if without else False


@mistake("test_read_settings_reads")
def keys_of_the_defaults(seen, defaults):
    """Redis was asked for the key {key}, with the default where the name belongs. The key is setting:<name>, here
    setting:{name}. A dict's values() are its defaults; a loop over the dict itself gives its names."""
    sent = " ".join(seen.sent)
    asked = [
        name for name, default in defaults.items() if f"setting:{default}" in sent and f"setting:{name}" not in sent
    ]
    return asked and {"key": f"setting:{defaults[asked[0]]}", "name": asked[0]}


@mistake("test_read_settings_reads")
def name_in_place_of_the_default(actual, defaults, stored):
    """The setting {name} has no key in Redis, and its own name came back. Return its default then: {default}. A loop
    over a dict gives its names; items() gives names and values."""
    without = [name for name in defaults if name not in stored and isinstance(actual, dict)]
    named = [name for name in without if actual.get(name) == name]
    return named and {"name": named[0], "default": repr(defaults[named[0]])}


@mistake("test_read_settings_takes_empty_as_a_value")
def empty_taken_for_missing(actual, defaults):
    """{stored} was stored, and the default came back. "" counts as false for `or` and `if`, and "0" is text like
    any other. MGET returns None for a missing key, and only for that."""
    lost = [name for name, default in defaults.items() if isinstance(actual, dict) and actual.get(name) == default]
    return {"stored": '"0"' if defaults[lost[0]] == "1" else '""'} if lost else False


@mistake("test_read_settings_in_one_round_trip")
def one_get_for_each_setting(seen):
    """Each setting is asked for on its own, and each question waits for its answer. MGET reads many keys at once."""
    return seen["get"] > 1 and seen.round_trips > 1


@mistake("test_read_settings_in_one_round_trip")
def settings_searched_for(seen):
    """The keys were searched for, through the whole database, though their names are known.
    Make the keys from the names, and ask with one MGET."""
    return seen["keys"] or seen["scan"]


@mistake("test_read_settings_in_one_round_trip")
def asked_whether_they_exist(seen):
    """Redis was asked whether the keys exist, and then for their values. MGET returns each value, and None if there
    is no key: nothing has to be asked before."""
    return seen["exists"]


@mistake("test_take_lock_lets_one_in")
def lock_under_another_key(redis, name, actual):
    """The lock is the key lock:<name>, here {key}, and it is not there after the call. There is the key {other}."""
    return actual is None and redis.get(f"lock:{name}") is None and another(redis, f"lock:{name}")


@mistake("test_take_lock_lets_one_in")
def lock_without_its_token(redis, key, mine, actual, expected):
    """The lock holds {value}, not the token. Without the token nobody can tell whose lock it is."""
    return (expected, actual) == (mine, redis.get(key)) and actual and {"value": repr(actual)}


@mistake("test_take_lock_lets_one_in")
def owner_asks_again(again):
    """The lock was taken already, by the same token, and taking it again {what}. It was not free: return False, and
    change nothing."""
    return {"what": "returned True" if again is True else "changed its expiry"} if again in (True, False) else False


@mistake("test_take_lock_lets_one_in")
def free_lock_refused(redis, key, actual, expected):
    """The lock was free, and it still is: nothing was written, and the function returned {value}. SET with nx writes only
    if there is no such key; with xx, only if there is one."""
    return (actual, expected) == (False, True) and not redis.exists(key) and {"value": actual}


@mistake("test_take_lock_lets_one_in")
def false_for_a_lock_just_taken(redis, key, mine, actual, expected, end=None):
    """The lock was free, and now it is taken, with the token. The function must return True then, and it returned
    False. redis-py's `set` returns True if it wrote and None if not; with get=True it is the other way round, the old
    value or None."""
    return end is None and (actual, expected) == (False, True) and redis.get(key) == mine


@mistake("test_take_lock_lets_one_in")
def true_for_a_taken_lock(actual, expected, mine):
    """The lock was taken already and is still its owner's, and the function returned True. A SET that did not write
    raises nothing: redis-py's `set` returns None then."""
    return (actual, expected) == ((True, mine), (False, mine))


@mistake("test_take_lock_lets_one_in")
def lock_never_expires(actual):
    """The lock never ends by itself. If its owner crashes, nobody ever gets it again. Give it an expiry."""
    return actual == -1


@mistake("test_take_lock_lets_one_in")
def taken_lock_overwritten(redis, key, theirs):
    """The second who asked took the lock away from the first: SET wrote over it. SET has an option for “only if there
    is none”."""
    return redis.get(key) == theirs


@mistake("test_take_lock_lets_one_in", "expect_same_end")
def refused_taker_gives_more_time(actual, due):
    """The caller who did not get the lock gave it more time: the expiry was set although the lock was taken.
    SET with NX and EX does both, or neither."""
    return actual > due + 2000


@mistake("test_take_lock_in_one_step")
def lock_looked_at_first(seen, actual, mine):
    """Someone took the lock between the look and the SET, and now two believe that they have it.
    SET can look and take in one step."""
    return actual == (True, mine) and looked_before("set", seen)


@mistake("test_take_lock_in_one_step")
def lock_expiry_set_afterwards(times):
    """For a moment the lock had no expiry. A crash just then locks everyone out for ever. SET takes NX and EX
    together."""
    return -1 in times and times[-1] >= 0


@mistake("test_release_lock_is_for_its_owner")
def lock_of_another_deleted(actual, expected, theirs):
    """That lock belonged to someone else, and now it is gone. Compare the token before you delete."""
    return expected == (False, theirs) and isinstance(actual, tuple) and actual[1] is None


@mistake("test_release_lock_is_for_its_owner")
def owners_lock_still_there(key, actual, expected, theirs):
    """Its owner released the lock, and the key lock:<name>, here {key}, is still there. Check which key the function
    looks at and deletes, and what it compares: print both with repr(…). (`r` returns strings, not bytes.)
    """
    is_there = expected == (True, None) and isinstance(actual, tuple) and actual[1] == theirs
    return {"key": key} if is_there else False


@mistake("test_release_lock_is_for_its_owner")
def refused_and_told_as_released(actual, expected, theirs):
    """That lock belongs to someone else and is still there, and the function returned True. What the script or DEL returns
    tells whether it was released."""
    return (actual, expected) == ((True, theirs), (False, theirs))


@mistake("test_release_lock_is_for_its_owner")
def release_not_reported(actual, expected):
    """The owner released the lock, and it is gone. The function must return True then, and it returned {value}."""
    is_so = expected == (True, None) and isinstance(actual, tuple) and actual[1] is None
    return {"value": actual[0]} if is_so else False


@mistake("test_release_lock_never_frees_another")
def compared_then_deleted(seen, redis, key):
    """Between the look and the DEL the lock expired and someone else took it; the DEL freed theirs.
    Compare and delete in one step: a Lua script, or WATCH."""
    return redis.get(key) is None and any(looked_before(name, seen) for name in ("del", "unlink", "expire", "pexpire"))


@mistake("test_release_lock_never_frees_another")
def true_though_the_lock_changed_hands(actual, theirs):
    """Someone else took the lock just before, so nothing was released: return False. If WATCH made EXEC fail, the DEL
    was not done."""
    return actual == (True, theirs)


@mistake("test_release_lock_never_frees_another")
def taken_away_and_put_back(seen, times):
    """The lock was another's, and for a moment it was {how}. GETDEL takes it away before anybody compares; what is put
    back later is not the same lock. Compare and delete in one step."""
    is_so = "getdel" in names(seen) or {"get", "del"} <= set(names(seen))
    return is_so and {"how": "gone" if -2 in times else "without its expiry"}


@mistake("test_find_keys_finds_all")
def prefix_found_anywhere(actual, strangers):
    """These keys hold the prefix, and some do not begin with it. A `*` before it, or `in`, finds it anywhere in the
    key.
    """
    return isinstance(actual, list) and any(key in strangers for key in actual)


@mistake("test_find_keys_finds_all")
def never_asked(actual, seen):
    """Nothing was found, and Redis was not asked at all. A loop that begins with cursor 0 and runs as long as the cursor is
    not 0 never begins."""
    return actual == [] and not seen.sent


@mistake("test_find_keys_finds_all")
def prefix_without_a_star(actual, seen, prefix):
    """Nothing was found. MATCH wants a pattern for the whole key: a prefix needs a `*` behind it, which stands for
    all that may follow."""
    return actual == [] and any(prefix in line for line in seen.sent) and not any("*" in line for line in seen.sent)


@mistake("test_find_keys_finds_all")
def pattern_that_fits_none(actual, seen, prefix):
    """Nothing was found. Redis was asked for keys like {pattern}, and no key is like that. The pattern is the prefix as it
    came, which here is {prefix}, and a `*`, which stands for all that may follow.
    """
    words = [line.split() for line in seen.sent if " match " in line.lower()]
    patterns = {line[[word.lower() for word in line].index("match") + 1] for line in words}
    return actual == [] and patterns and f"{prefix}*" not in patterns and {"pattern": min(patterns), "prefix": prefix}


@mistake("test_find_keys_finds_all")
def cursor_handed_back_too(actual):
    """The answer is SCAN's: the next cursor, and a page of keys. Return only keys, from all pages, in one sorted
    list."""
    return isinstance(actual, list) and len(actual) == 2 and isinstance(actual[1], list)


@mistake("test_find_keys_finds_all")
def keys_not_sorted(actual, expected):
    """All keys were found, and they are not in order. SCAN hands them out in no order: sorted(…) makes a sorted list
    of them."""
    return isinstance(actual, list | set) and actual != expected and sorted(actual, key=str) == expected


@mistake("test_find_keys_finds_all", "expect_more_than_a_page")
def one_large_page(count, actual, expected):
    """{missing} keys are missing. However large COUNT is, one day there are more keys than that: the end is where the
    cursor is 0 again."""
    return missing(actual, expected)


@mistake("test_find_keys_finds_all")
def stopped_before_cursor_0(redis, seen, known, actual, expected):
    """Keys are missing. A SCAN page may be empty though more follow: the end is where the cursor is 0 again."""
    cursor, _ = last_page(redis, seen)
    return cursor and len(known) > 1000 and missing(actual, expected)


@mistake("test_find_keys_finds_all")
def last_page_alone(redis, seen, actual, expected):
    """{missing} keys are missing. The walk came to its end, in {pages} pages, and what came back is the last of them.
    Each page is to be added to those before: update() of a set, or += of a list."""
    cursor, page = last_page(redis, seen)
    found = missing(actual, expected)
    return found and cursor == 0 and seen["scan"] > 1 and {*actual} == {*page} and {**found, "pages": seen["scan"]}


def last_page(redis, seen):
    """What SCAN answered at last: the next cursor and the keys; (None, []) if none was sent, or not by itself."""
    sent = [line.split()[1:] for line in seen.sent if line.lower().startswith("scan ")]
    if not sent:
        return None, []
    cursor, *options = sent[-1]
    named = dict(zip(map(str.lower, options[::2]), options[1::2], strict=False))
    return redis.scan(int(cursor), match=named.get("match"), count=int(named.get("count", 10)))


def missing(actual, expected):
    """How many keys were not found if all that came is right, to fill a sentence; None if none is missing."""
    are_keys = isinstance(actual, list) and isinstance(expected, list) and all(isinstance(key, str) for key in actual)
    is_part = are_keys and set(actual) < set(expected)
    return {"missing": len(expected) - len(actual)} if is_part else None


@mistake("test_find_keys_finds_all")
def keys_that_come_twice(actual):
    """A key came twice. SCAN may hand out a key on two of its pages if other keys go away meanwhile. A set keeps each
    once."""
    return isinstance(actual, list) and len(actual) > len(set(map(str, actual)))


@mistake("test_find_keys_never_blocks")
def keys_in_production(seen):
    """KEYS walks through all keys in one go, and everyone else waits for that long. With millions of keys that is
    seconds. SCAN does it page by page."""
    return seen["keys"]


@mistake("test_find_keys_never_blocks")
def one_page_for_all(seen, LARGEST_PAGE):
    """COUNT is how many keys Redis looks at in one step, while everyone else waits. With so large a COUNT, SCAN is as
    slow as KEYS: 10,000 is the most here, and 1,000 is enough.
    """
    return any(count > LARGEST_PAGE for count in counts_of(seen))


@mistake("test_find_keys_never_blocks")
def walked_inside_a_script(seen):
    """A script walked through all keys in one step, and everyone else waits until it ends. The loop belongs in Python:
    between two pages Redis serves the others."""
    return seen["eval"] or seen["evalsha"] or seen["fcall"]


def counts_of(seen):
    """Each COUNT that was sent to SCAN."""
    words = [line.lower().split() for line in seen.sent if line.lower().startswith("scan ")]
    return [int(line[line.index("count") + 1]) for line in words if "count" in line[:-1]]


@mistake("test_allow_request_lets_so_many_through")
def window_of_the_clock(redis, actual, expected, user, seconds):
    """The requests were counted under {actual}. That is the window in which the clock is now. The moment of the
    request comes as `now`, and its window is {window}: int(now // seconds)."""
    clock = f"rate:{user}:{redis.time()[0] // seconds}"
    is_so = actual == [clock] and isinstance(expected, list) and actual != expected
    return is_so and {"actual": clock, "window": str(expected[0]).rpartition(":")[2]}


@mistake("test_allow_request_lets_so_many_through")
def rate_under_another_key(actual, expected):
    """The requests were counted under {actual}. The key is rate:<user>:<window>, here {expected}: the window is the whole
    part of now / seconds, int(now // seconds)."""
    is_so = isinstance(actual, list) and actual and actual != expected and not isinstance(expected[0], bool)
    return {"actual": ", ".join(actual), "expected": expected[0]} if is_so else False


@mistake("test_allow_request_lets_so_many_through")
def nothing_counted(actual):
    """After the call there is no key in Redis: the requests were not counted there. A count in Python is lost with its
    program, and each program would have its own."""
    return actual == []


@mistake("test_allow_request_lets_so_many_through")
def limit_off_by_one(actual, limit):
    """{limit} requests are allowed, and {count} were let through. INCR returns the count with this request in it."""
    count = sum(one is True for one in actual) if isinstance(actual, list) else 0
    return count in (limit - 1, limit + 1) and {"limit": limit, "count": count}


@mistake("test_allow_request_forgets")
def counter_never_expires(times):
    """The counter has no expiry. Each user leaves a key in each window, and Redis fills up with them."""
    return times[-1] == -1


@mistake("test_allow_request_forgets")
def counter_expiry_set_afterwards(times):
    """For a moment the counter had no expiry. If the program ends just then, the key stays for ever. A pipeline with
    MULTI makes one step of INCR and EXPIRE."""
    return -1 in times


@mistake("test_allow_request_forgets")
def counter_began_anew(seen):
    """The counter expired while the function was at work, and a command after that made a new one that never expires.
    Make one step of counting and expiry: INCR and EXPIRE in a pipeline with MULTI, or a script."""
    return bool(seen.acts)


@mistake("test_allow_request_forgets")
def counter_of_another_length(seconds, actual):
    """The counter lives for {left} s. It is needed until its window ends, up to {seconds} s, and should be gone
    {seconds} s after that at the latest."""
    return type(actual) is int and {"left": actual, "seconds": seconds}


@mistake("test_allow_request_at_once")
def looked_before_counting(seen, actual):
    """Another request came between the look and the INCR, and one too many was let through. INCR's own answer tells this
    request's number; a look before it does not."""
    return actual is True and bool({"get", "mget"} & set(names(seen)))
