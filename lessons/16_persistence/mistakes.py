"""What goes wrong in lesson 16. Looked through after a check has failed, from the top; the first that holds is the hint."""

import difflib
import re

from workshop.grader import mistake, said

NAMES = (
    *("appendonly", "appendfsync", "appenddirname", "appendfilename", "aof-load-truncated", "aof-use-rdb-preamble"),
    *("auto-aof-rewrite-percentage", "auto-aof-rewrite-min-size", "no-appendfsync-on-rewrite"),
    *("save", "dir", "dbfilename", "stop-writes-on-bgsave-error", "rdbcompression", "rdbchecksum"),
    *("bind", "port", "protected-mode", "requirepass", "maxmemory", "maxmemory-policy", "loglevel", "include"),
)
REFUSED = r"(?s)FATAL CONFIG FILE ERROR.*?at line (?P<line>\d+)\n>>> '(?P<words>[^\n]*)'\n(?P<reason>[^\n]+?)\.?\n"


def refused(start, inside):
    """The line of a file of the student's that Redis does not take: file, line, its words, Redis' reason. None if it is of no file."""
    told = said(REFUSED, f"{start.log}\n")
    for name, number, words in lines(inside) if told else ():
        if (number, words) == (int(told["line"]), told["words"].strip()):
            return {**told, "file": name, "name": re.split("[ =:]", words)[0]}
    return None


def lines(inside):
    """The lines of the student's files of settings: file, number, words."""
    for name in inside.names:
        text = inside.text(name) if name.endswith(".conf") else ""
        yield from ((name, number, words.strip()) for number, words in enumerate((text or "").splitlines(), 1))


def near(name):
    """A question for a setting that is called nearly so."""
    found = difflib.get_close_matches(name.lower().rstrip(":"), NAMES, 1, 0.7)
    return f" Do you mean `{found[0]}`?" if found else ""


@mistake()
def directive_that_is_not_there(start, inside):
    """{file}, line {line}: Redis has no setting `{name}`, so it ended at once.{near}"""
    unknown = (
        re.findall(r">>> '(\S+) [^\n]*'", start.log) if "Unresolved Configuration(s) Detected" in start.log else []
    )
    for file, number, words in lines(inside) if unknown else ():
        name = words.split(" ")[0]
        if name in unknown:
            return {"file": file, "line": number, "name": name, "near": near(name)}
    return False


@mistake()
def directive_or_its_words(start, inside):
    """{file}, line {line}: Redis ended at once at `{words}`. Either it has no such setting, or that one takes another number of words. A
    line is a name, a space, and the value, without `=`.{near}"""
    told = refused(start, inside)
    is_so = told and told["reason"].startswith("Bad directive") and told["words"].split()[0].lower() not in NAMES
    return is_so and {**told, "near": near(told["name"])}


@mistake()
def value_that_redis_refuses(start, inside):
    """{file}, line {line}: Redis ended at once, because it does not take `{words}`. It said: “{reason}”. A comment stands in a line of its own."""
    return refused(start, inside)


@mistake()
def conf_not_found(start):
    """Redis finds no file {path} in its container, so it ended at once. A folder that is mounted with `- ./conf:PLACE` is there as PLACE, and `command`
    names the file in it: PLACE/redis.conf."""
    return said(r"can't open config file '(?P<path>[^']+)'", start.log)


@mistake()
def address_that_is_not_there(start):
    """Redis is told to listen on {address} (`bind`), and its container has no such address, so it ended at once. Take the line out: then it listens on all
    that there are."""
    return said(r"listening socket (?P<address>\S+):\d+: bind: Cannot assign requested address", start.log)


@mistake()
def another_port(log):
    """Redis says in its log that it listens on the port {port}. `redis-cli` asks at 6379, where Redis listens if no `port` is set: take that line out."""
    told = said(r"Running mode=\w+, port=(?P<port>\d+)", log)
    return told and told["port"] != "6379" and told


@mistake()
def daemonized(start, inside):
    """{file} says `daemonize yes`: Redis goes into the background, its first process ends, and with it the container. In a container
    Redis stays in the foreground: take the line out."""
    daemons = [name for name in inside.names if re.search(r"(?m)^daemonize\s+yes", inside.text(name) or "")]
    return not start.running and start.code == 0 and daemons and {"file": daemons[0]}


@mistake("test_redis_comes_up")
def started_without_its_conf(file, stack):
    """Redis runs, but it was started without a configuration file, so it uses its own settings. Mount the folder `conf` and name the file in
    `command`: redis-server, then the path of the file in the container."""
    return not file


@mistake()
def wants_a_password(actual):
    """Redis answered “{said}”: it has a password (`requirepass`, or a user of its own). In this lesson `redis-cli` in the container must reach Redis
    without further arguments."""
    return says(r"^NOAUTH ", actual)


@mistake("test_kill_and_start", "test_a_setting_that_lasts", "test_snapshot", "test_log_turned_on")
def config_was_taken_away(actual):
    """Redis answered “{said}”: its settings took the command CONFIG away, with `rename-command` or with the rights of its user. Without it nobody
    can change a setting of the Redis that runs."""
    return says(r"unknown command '?CONFIG|NOPERM .*config", actual)


@mistake("test_stop_and_start", "test_kill_and_start")
def nothing_is_saved(data):
    """Redis writes nothing to its disk: there is no log (`appendonly` is no), and `save` names no time for a snapshot."""
    return data.settings.get("appendonly") == "no" and not data.settings.get("save")


@mistake("test_stop_and_start", "test_kill_and_start")
def data_in_memory(data):
    """Redis writes to {dir}, and that is memory (tmpfs): it is empty after each start. Mount a named volume there."""
    return data.mounts.get(data.settings.get("dir")) == "memory" and data.settings


@mistake("test_stop_and_start")
def evicts_keys(data, actual):
    """`maxmemory` is {maxmemory} bytes, and `maxmemory-policy` is {policy}: when Redis is full it throws away keys that it has acknowledged. That is for a cache.
    With `noeviction` it refuses writes and keeps what it has."""
    most = data.settings.get("maxmemory", "0")
    return str(actual).startswith("allkeys") and {"maxmemory": f"{int(most):,}", "policy": actual}


@mistake("test_kill_and_start")
def snapshots_only(data):
    """The log is off, so what came after the last snapshot is lost when Redis is killed. (`docker compose stop` lets Redis make one more; a kill
    does not.) Turn the log on in redis.conf: `appendonly yes`."""
    return data.settings.get("appendonly") == "no"


@mistake("test_down_and_up", "test_full_disk")
def no_volume(data, expected):
    """Redis has no volume with a name: `down` removes the container, and a new one does not find its data. Mount a named volume on {dir}."""
    return "volume" not in data.mounts.values() and is_of_the_volume(expected) and data.settings


def is_of_the_volume(expected):
    """Whether all was lost with a container, or no small disk could be put in the volume's place."""
    return str(expected).startswith(("0 lost", "a volume on"))


@mistake("test_down_and_up", "test_full_disk")
def volume_elsewhere(data, expected):
    """The volume is mounted on {places}, and Redis writes to {dir}. Mount it there."""
    places = [place for place, kind in data.mounts.items() if kind == "volume"]
    inside = any(f"{data.settings.get('dir')}/".startswith(f"{place}/") for place in places)
    return places and not inside and is_of_the_volume(expected) and {"places": ", ".join(places), **data.settings}


@mistake("test_down_with_volumes")
def data_in_a_folder(data, kept):
    """{kept} keys are still there: Redis writes to {dir}, and a folder of your machine is mounted there. `down --volumes` removes volumes only.
    Use a named volume for the data."""
    return kept and data.mounts.get(data.settings.get("dir")) == "folder" and {"kept": kept, **data.settings}


@mistake("test_cut_off_log")
def refuses_a_cut_off_log(start):
    """Redis does not start with this log: it said “{said}”. `aof-load-truncated no` asks for that. With yes, which is the default, it leaves the
    last, incomplete write out, and starts."""
    return said(r"(?P<said>Unexpected end of file reading the append only file)", start.log)


@mistake("test_full_disk")
def ends_on_a_full_disk(data, again):
    """Redis has ended, and nobody started it again: it said “{said}”. With `appendfsync always` it ends if it cannot write to its log. Add
    `restart: unless-stopped`, or use `appendfsync everysec`, with which it refuses writes and goes on."""
    log = data.stack.service("redis").log()
    state = data.stack.state("redis") or {}
    told = said(r"(?P<said>Can't recover from AOF write error[^\n]*?)\.* *Exiting", log)
    return not again and not state.get("Running") and told


@mistake("test_log_is_written_anew")
def never_written_anew(data):
    """`auto-aof-rewrite-percentage` is 0, so Redis never writes its log anew by itself. 100 lets it do so when the log has doubled."""
    return data.settings.get("auto-aof-rewrite-percentage") == "0"


@mistake("test_log_is_written_anew")
def written_anew_too_late(data, size):
    """The log has {size} bytes, and Redis leaves it alone until it has {least}: that is `auto-aof-rewrite-min-size`. Set it to 1mb in redis.conf."""
    least = int(data.settings.get("auto-aof-rewrite-min-size") or 0)
    return least > size and {"size": f"{size:,}", "least": f"{least:,}"}


@mistake("test_a_setting_that_lasts")
def one_file_is_mounted(data, actual):
    """Redis answered “{said}”. CONFIG REWRITE writes a new file beside redis.conf and gives it that name, and a file that is mounted alone cannot be
    replaced. Mount the folder that it is in."""
    return says(r"Rewriting config file: (?:Device or r|R)esource busy", actual)


@mistake("test_a_setting_that_lasts")
def mounted_to_be_read_only(data, actual):
    """Redis answered “{said}”: redis.conf is mounted to be read only (`:ro`, or `read_only`). CONFIG REWRITE must be able to write in its folder."""
    return says(r"Rewriting config file: Read-only file system", actual)


@mistake("test_a_setting_that_lasts")
def may_not_write_its_conf(data, actual):
    """Redis answered “{said}”: its user may not write in the folder in which redis.conf is."""
    return says(r"Rewriting config file: Permission denied", actual)


def says(pattern, actual):
    """What Redis answered, if it says so."""
    return re.search(pattern, str(actual)) and {"said": str(actual).strip()}


@mistake("test_a_setting_that_lasts")
def conf_goes_with_the_container(data, length, actual):
    """CONFIG REWRITE wrote to {file}, and that is in the container itself: `down` removed it, and the new container has the old file. Mount the folder
    of redis.conf."""
    told = said(r"(?m)^config_file:(?P<file>\S+)", data.stack.redis_cli("INFO", "server"))
    outside = told and not any(told["file"].startswith(f"{place}/") for place in data.mounts)
    return outside and actual != length and "Rewriting" not in str(actual) and told


@mistake("test_snapshot", "test_log_turned_on")
def script_calls_docker(ran):
    """{said} The script runs in the container of Redis already, and there is no docker in it: call `redis-cli` itself."""
    return said(r"(?P<said>[^\n]*\bdocker: (?:not found|command not found)\.?)", ran.printed)


@mistake("test_snapshot", "test_log_turned_on")
def windows_line_ends(data, asked):
    """{name} has Windows line ends (CRLF): sh takes the \\r at the end of each line for a part of the command. Save it with LF line ends."""
    names = [name for name in ("snapshot.sh", "aof_on.sh") if name in asked]
    return names and b"\r\n" in (data.stack.folder / names[0]).read_bytes() and {"name": names[0]}


@mistake("test_snapshot")
def snapshot_never_ends(ran, before):
    """snapshot.sh was still running after 20 s, and the snapshot was complete. What does it wait for? Each line of INFO ends with an invisible
    carriage return: `grep -q` for the words, or `tr -d '\\r'` before you compare."""
    made = int(ran.after.get("rdb_saves", 0)) > before
    return ran.code is None and made and ran.after.get("rdb_bgsave_in_progress") == "0"


@mistake("test_snapshot")
def saves_in_the_foreground(ran, before):
    """The snapshot was made with SAVE, and until it was complete Redis answered nobody. BGSAVE lets a second process write it."""
    made = int(ran.after.get("rdb_saves", 0)) > before
    return "cmdstat_save" in ran.after and made and not ran.saw("rdb_bgsave_in_progress", "1")


@mistake("test_snapshot")
def ends_before_the_snapshot(ran):
    """snapshot.sh ended while Redis was still writing the snapshot. Who copies the file now gets an old one, or none. BGSAVE only begins it: wait until
    INFO persistence says `rdb_bgsave_in_progress:0`."""
    return ran.after.get("rdb_bgsave_in_progress") == "1"


@mistake("test_snapshot")
def no_snapshot_made(ran, before):
    """snapshot.sh {ended}, and Redis has not begun a snapshot. It printed: {words}."""
    ended = "was still running after 20 s" if ran.code is None else "has ended"
    none_made = int(ran.after.get("rdb_saves", -1)) == before and ran.after.get("rdb_bgsave_in_progress") == "0"
    return none_made and {"ended": ended, "words": f"“{ran.printed}”" if ran.printed else "nothing"}


@mistake("test_log_turned_on")
def log_never_turned_on(ran, keys, lost):
    """All is lost: aof_on.sh turned no log on, so on the disk there was only the snapshot. A Redis that starts with `appendonly yes` reads its log,
    and if there is none, it begins empty: it does not look at the snapshot. `CONFIG SET appendonly yes`, in the Redis that runs, writes all its data
    into a log."""
    return (
        len(lost) >= len(keys)
        and ran.after.get("aof_enabled") == "0"
        and ran.after.get("aof_rewrite_in_progress") == "0"
    )


@mistake("test_log_turned_on")
def ends_before_the_log(ran, keys, lost):
    """aof_on.sh ended before the log was complete: Redis was still writing its data into it, and the kill came. Then there is no log yet. Wait until
    INFO persistence says `aof_rewrite_in_progress:0`."""
    return len(lost) >= len(keys) and ran.after.get("aof_rewrite_in_progress") == "1"


@mistake("test_log_turned_on")
def written_once_and_still_off(ran, later, lost):
    """What was written after aof_on.sh is lost. BGREWRITEAOF writes the data into a log once, but the log stays off, and no later write goes into
    it. `CONFIG SET appendonly yes` does both."""
    return ran.after.get("aof_enabled") == "0" and lost == later
