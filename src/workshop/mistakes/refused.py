"""What redis-py and Redis refuse to a notebook's function, in any lesson."""

from __future__ import annotations

import re
from typing import Any

from workshop.mistakes.mistake import mistake
from workshop.mistakes.notebook import fits, raised

# Commands that some of the servers do not have on which a notebook runs, and what brought them.
SINCE = {
    **dict.fromkeys(("DELEX", "DIGEST", "MSETEX"), "Redis 8.4"),
    **dict.fromkeys(("XDELEX", "XACKDEL"), "Redis 8.2"),
    **dict.fromkeys(("HGETDEL", "HGETEX", "HSETEX"), "Redis 8.0"),
    "DELIFEQ": "Valkey 9.0",
}


def server_of(redis: Any) -> str:
    """The server's own name and version; "another one" if nobody can be asked."""
    about = redis.info("server") if redis else {}
    if "valkey_version" in about:
        return f"Valkey {about['valkey_version']}"
    return f"Redis {about['redis_version']}" if about else "another one"


@mistake(example=raised("DataError", "px must be datetime.timedelta or int"))
def px_not_an_int(error):
    """Px takes a whole number of milliseconds, an int, and was given something else: 0.5 * 1000 is the float 500.0, and
    int(…) makes an int of it.
    """
    return fits(error, "DataError", r"^px\b.* must be")


@mistake(example=raised("DataError", "ex must be datetime.timedelta or int"))
def ex_not_an_int(error):
    """Ex takes a whole number of seconds, an int, and was given something else. For a part of a second there is px: it
    counts in milliseconds.
    """
    return fits(error, "DataError", r"^ex\b.* must be")


@mistake(example=raised("DataError", "``ex``, ``px``, ``exat``, ``pxat``, and ``keepttl`` are mutually exclusive."))
def two_ends_of_a_key(error):
    """The call says twice how long the key lives, and only one of ex, px, exat, pxat and keepttl can hold. The third place of
    `set`, after the value, is `ex`.
    """
    return fits(error, "DataError", r"\bex\b.*mutually exclusive")


@mistake(example=raised("LockNotOwnedError", "Cannot release a lock that's no longer owned"))
def lock_not_its_own(error):
    """A lock of redis-py (`r.lock`) writes a token of its own, and releases only what it took itself. Here another holds it, or
    nobody.
    """
    return fits(error, "Lock(?:NotOwned)?Error", "release")


@mistake(example=raised("DataError", "Invalid input of type: 'list'. Convert to a bytes, string, int or float first."))
def list_not_unpacked(error):
    """redis-py sends one string at a time, and was given a whole {type}. A star passes its elements one by one: *names. (If
    the command takes only one, or the key should stand here, that is another argument.)
    """
    return fits(error, "DataError", r"Invalid input of type: '?(?P<type>list|tuple|set)\b")


@mistake(
    example=raised("DataError", "Invalid input of type: 'NoneType'. Convert to a bytes, string, int or float first.")
)
def none_sent(error):
    """redis-py was given None to send. Where does it come from: did nothing come back a line before?"""
    return fits(error, "DataError", r"Invalid input of type: '?NoneType")


@mistake(example=raised("DataError", "Invalid input of type: 'dict'. Convert to a bytes …", "r.hset(key, changes)"))
def dict_without_mapping(error):
    """`hset` takes a key, a field and a value. A whole dict goes in by name: r.hset(key, mapping=…)."""
    return re.search(r"\bhset\(", error.source or "") and fits(error, "DataError", r"Invalid input of type: '?dict")


@mistake(example=raised("AttributeError", "'int' object has no attribute 'items'", "r.zadd(key, points, player)"))
def not_a_dict(error):
    """`{command}` takes a dict here, and was given {given}: zadd(key, {member: score}), mset({key: value}),
    hset(key, mapping={field: value}).
    """
    found = fits(error, "AttributeError", r"'(?P<type>\w+)' object has no attribute 'items'")
    command = re.search(r"\.(zadd|msetnx|mset|hset|hmset)\(", error.source or "")
    kinds = {"str": "text", "list": "a list", "tuple": "a tuple", "int": "a number", "float": "a number"}
    return found and command and {"command": command[1], "given": kinds.get(found["type"], found["type"])}


@mistake(example=raised("DataError", "Invalid input of type: 'dict'. Convert to a bytes, string, int or float first."))
def value_redis_cannot_store(error):
    """redis-py sends strings, bytes and numbers. A {type} must become one of these first."""
    return fits(error, "DataError", r"Invalid input of type: '?(?P<type>\w+)")


@mistake(example=raised("ResponseError", "WRONGTYPE Operation against a key holding the wrong kind of value"))
def command_of_another_type(error):
    """The key holds another type of value than this command works on. Which command made the key?"""
    return fits(error, "ResponseError", r"^WRONGTYPE")


@mistake(example=raised("ResponseError", "value is not an integer or out of range", "r.eval(script, key, token)"))
def number_of_keys_missing(error):
    """`eval` takes the script, then how many keys follow, then the keys, then all other arguments:
    r.eval(script, 1, key, token). Where the number should stand, something else came.
    """
    is_eval = re.search(r"\.(?:eval|evalsha|fcall)\(", error.source or "") and "script:" not in error.message
    return is_eval and fits(error, "ResponseError", r"not an integer or out of range|Number of keys can't be")


@mistake(example=raised("ResponseError", "timeout is not a float or out of range"))
def timeout_not_a_number(error):
    """Redis was given a time-out that is no number, or one below 0. Which argument comes first: the keys, or the seconds to
    wait?
    """
    return fits(error, "ResponseError", r"timeout is (?:not a|negative)")


@mistake(example=raised("ResponseError", "invalid expire time in 'set' command"))
def time_to_live_refused(error):
    """Redis was given a time to live of 0 or less, and refuses that. Where does it come from? TTL returns -1 for a key that
    never expires, -2 for one that is not there.
    """
    return fits(error, "ResponseError", r"invalid expire time")


@mistake(example=raised("ResponseError", "value is not an integer or out of range"))
def not_a_whole_number(error):
    """Redis was given something that is not a whole number where it needs one: a float, a word, or a value that is not a
    number.
    """
    return fits(error, "ResponseError", r"not an integer or out of range")


@mistake(example=raised("ResponseError", "value is not a valid float"))
def not_a_number(error):
    """Redis was asked to count with a value that is not a number. In the dict for zadd the member comes first, then its
    score: {member: score}. In zincrby it is the other way round: key, number, member.
    """
    return fits(error, "ResponseError", r"not a valid float")


@mistake(example=raised("ResponseError", "wrong number of arguments for 'mget' command"))
def wrong_number_of_arguments(error):
    """The command {command} was sent with too few or too many arguments.{empty}"""
    found = fits(error, "ResponseError", r"wrong number of arguments for '?(?P<command>[\w|]+)")
    source = error.source or ""
    passed = re.search(r"[(,] *\*(\w+)|\.(?:mset|msetnx|mget)\((\w+)\)", source)
    empty = f" Was `{passed[1] or passed[2]}` empty?" if passed else ""
    return found and {**found, "empty": empty}


@mistake(example=raised("ResponseError", "unknown command 'DELEX', with args beginning with: 'a'"))
def command_of_another_server(error, redis=None):
    """{command} came with {since}, and this server is {server}. It is spelled correctly, and cannot be used here."""
    found = fits(error, "ResponseError", r"unknown command '?(?P<command>\w+)")
    name = found["command"].upper() if found else ""
    return name in SINCE and {"command": name, "since": SINCE[name], "server": server_of(redis)}


@mistake(example=raised("ResponseError", "unknown command 'JSON.SET', with args beginning with: 'a'"))
def command_of_a_module(error):
    """{command} belongs to a part of Redis that not every server has, and this one does not know it. Do without it: this
    lesson needs none of these.
    """
    return fits(error, "ResponseError", r"unknown command '?(?P<command>\w+\.\w+)")


@mistake(example=raised("ResponseError", "unknown command 'GETT', with args beginning with: 'a'"))
def unknown_command(error):
    """Redis knows no command {command}. Check its spelling."""
    return fits(error, "ResponseError", r"unknown command '?(?P<command>\w+)")


@mistake(example=raised("ResponseError", "syntax error"))
def options_that_do_not_fit(error):
    """Redis does not understand the arguments of this command: they stand in another order than it wants, or some of its
    options do not go together.
    """
    return fits(error, "ResponseError", r"^(?:ERR )?syntax error")


@mistake(
    example=raised("ResponseError", "user_script:2: attempt to compare nil with number script: on @user_script:2.")
)
def nothing_in_lua(error):
    """Where the script compares or calculates, something is nil or false. In Lua, GET and HGET of what is not there return
    false, and tonumber(false) is nil: `or 0` makes 0 of both. KEYS and ARGV count from 1.
    """
    return fits(error, "ResponseError", r"attempt to (?:compare|perform arithmetic on) .*\b(?:nil|boolean)\b")


@mistake(
    example=raised("ResponseError", "user_script:2: attempt to compare number with string script: on @user_script:2.")
)
def text_compared_in_lua(error):
    """In Lua too, text cannot be compared with a number. What GET, HGET and ARGV hold is text: tonumber(…) makes a number of
    it.
    """
    return fits(error, "ResponseError", r"attempt to compare .*\bstring\b")


@mistake(example=raised("ResponseError", "Error compiling script (new function): user_script:1: '=' expected"))
def lua_script_broken(error):
    """The Lua script has a mistake; the message names its line."""
    return fits(error, "ResponseError", r"Error (?:compiling|running) script|user_script")


@mistake(example=raised("WatchError", "Watched variable changed."))
def watch_error_not_caught(error):
    """The watched key changed, and the transaction was not run. Catch WatchError and try again, or use one command that
    needs no WATCH.
    """
    return fits(error, "WatchError")


@mistake(example=raised("ConnectionError", "Error 111 connecting to localhost:6379. Connection refused."))
def another_redis_asked(error):
    """The function looks for Redis at an address where none is. Use `r`, the client that it is given."""
    return fits(error, "ConnectionError")


@mistake(example=raised("TimeoutError", "Timeout reading from socket"))
def redis_did_not_answer(error):
    """The client gave up before Redis answered: its socket_timeout was over. redis-py's own clients have one of 5 seconds,
    also for a command that is to wait for longer. With socket_timeout=None a client waits as long as it takes.
    """
    return fits(error, "TimeoutError", r"^Timeout reading from")
