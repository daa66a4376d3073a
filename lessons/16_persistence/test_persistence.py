"""Lesson 16: what survives, and what keeps it."""

from types import SimpleNamespace

import pytest

from workshop.grader import Data, beside, expect, rests_on, until, wanted

MEGABYTE = 1_000_000
A_FILE = wanted("the path of redis.conf", bool)
NONE = wanted("0 lost writes", lambda lost: not lost)
SOME_REFUSED = wanted("some writes refused", lambda refused: refused > 0)
SLOW = 20  # milliseconds that Redis takes for each key of a snapshot, or of a log that it writes anew
ENDS = wanted("an end within 20 s", lambda code: code is not None)
REWRITTEN = 6.0  # seconds in which the log must be small again; Redis looks ten times a second


@pytest.fixture(scope="module", autouse=True)
def copies(coming):
    """Three further copies, begun while the first comes up: one is taken down and up, one has a small disk, one runs the scripts."""
    return SimpleNamespace(
        removed=coming.copy(apart=True), small=coming.copy(small="4m"), scripted=coming.copy(apart=True)
    )


def test_redis_comes_up(stack):
    """`docker compose up` brings Redis up from nothing, with the settings in your `redis.conf`"""
    told = stack.redis_cli("INFO", "server")
    file = dict(line.partition(":")[::2] for line in told.splitlines()).get("config_file")
    expect(file, A_FILE, asked="docker compose exec redis redis-cli INFO server | grep config_file")


@rests_on("test_redis_comes_up")
def test_stop_and_start(stack, some, drill):
    """Stop and start: what was written is still there, and no key is thrown away when the memory is full"""
    data = Data(stack, drill, some)
    keys = data.write()
    data.stop()
    data.start()
    lost = data.lost(keys)
    expect(len(lost), NONE, asked="docker compose stop && docker compose start")
    expect(data.evicts_by, "none", asked="docker compose exec redis redis-cli CONFIG GET maxmemory*")


@rests_on("test_stop_and_start")
def test_kill_and_start(stack, some, drill):
    """Kill and start: every write that Redis acknowledged is still there"""
    data = Data(stack, drill, some)
    data.slow_disk(SLOW)
    keys = data.write()
    data.kill()
    data.start()
    lost = data.lost(keys)
    expect(len(lost), NONE, asked="docker compose kill && docker compose start")


@rests_on("test_kill_and_start")
def test_cut_off_log(stack, some, drill):
    """A log that was cut off in mid-write: Redis starts, and only the last write is lost"""
    data = Data(stack, drill, some)
    keys = data.write()
    data.cut_log(5)
    data.kill()
    data.start()
    lost = data.lost(keys[:-1])
    expect(len(lost), NONE, asked="docker compose start, with the last 5 bytes of the log cut off")


@rests_on("test_stop_and_start")
@beside()
def test_down_and_up(copies, some, drill):
    """`down` and `up`: everything is still there, in new containers"""
    data = Data(copies.removed.wait(), drill, some)
    keys = data.write()
    data.down_and_up()
    lost = data.lost(keys)
    expect(len(lost), NONE, asked="docker compose down && docker compose up --detach --wait")


@rests_on("test_redis_comes_up")
@beside(after="test_down_and_up")
def test_down_with_volumes(copies, some, drill):
    """`down --volumes` and `up`: the database is empty"""
    data = Data(copies.removed.wait(), drill, some)
    keys = data.write()
    data.down_and_up(volumes=True)
    kept = len(keys) - len(data.lost(keys))
    expect(kept, 0, asked="docker compose down --volumes && docker compose up --detach --wait")


@rests_on("test_kill_and_start")
@beside()
def test_full_disk(copies, some, drill):
    """A full disk: Redis refuses writes, takes them again once there is space, and has all that it acknowledged"""
    data = Data(copies.small.wait(), drill, some)
    before = data.write(20)
    data.fill_disk()
    meanwhile, refused = data.write_until_refused(size=1000)
    data.free_disk()
    again = data.takes_writes_again()
    expect(refused, SOME_REFUSED, asked="redis-cli SET …, while the disk is full")
    expect(again, True, asked="redis-cli SET …, once the disk has space again")
    data.kill()
    data.start()
    lost = data.lost([*before, *meanwhile])
    expect(len(lost), NONE, asked="docker compose kill && docker compose start")


@rests_on("test_redis_comes_up")
@beside(after="test_down_with_volumes")
def test_a_setting_that_lasts(copies, some, drill):
    """A setting that was changed with `CONFIG SET` and written down with `CONFIG REWRITE` holds after `down` and `up`"""
    data = Data(copies.removed.wait(), drill, some)
    length = str(some.number(200, 900))
    expect(data.cli("CONFIG", "SET", "slowlog-max-len", length), "OK")
    expect(data.cli("CONFIG", "REWRITE"), "OK")
    data.down_and_up()
    expect(
        data.setting("slowlog-max-len"), length, asked="docker compose exec redis redis-cli CONFIG GET slowlog-max-len"
    )


@rests_on("test_redis_comes_up")
@beside()
def test_snapshot(copies, some, drill):
    """`snapshot.sh` makes a snapshot while Redis goes on answering, and ends once the snapshot is complete"""
    data = Data(copies.scripted.wait(), drill, some)
    data.write(80)
    before = int(data.info()["rdb_saves"])
    data.slow_disk(SLOW)
    ran = data.run("snapshot.sh")
    data.slow_disk(0)
    asked = "docker compose exec -T redis sh < snapshot.sh"
    expect(ran.code, ENDS, asked=asked)
    begun = wanted("one snapshot more", lambda begun: begun > 0)
    expect(int(ran.after.get("rdb_saves", before)) - before, begun, asked=asked)
    complete = wanted("no snapshot under way when the script ends", lambda under_way: under_way == "0")
    expect(ran.after.get("rdb_bgsave_in_progress"), complete, asked=asked)
    answered = wanted("answers of Redis while the snapshot is written", bool)
    expect(ran.saw("rdb_bgsave_in_progress", "1"), answered, asked="redis-cli INFO persistence, beside snapshot.sh")


@rests_on("test_kill_and_start")
@beside(after="test_snapshot")
def test_log_is_written_anew(copies, some, drill):
    """A log of 3 MB over a small data set is written anew by itself, and is smaller than 1 MB then"""
    data = Data(copies.scripted.wait(), drill, some)
    data.overwrite(megabytes=3)
    size = until(lambda: log_size(data), REWRITTEN, 0.2, enough=lambda size: size < MEGABYTE)
    data.note("redis", f"a log of {size} bytes")
    small = wanted("less than 1 MB", lambda size: size < MEGABYTE)
    expect(size, small, asked="docker compose exec redis redis-cli INFO persistence | grep aof_current_size")


def log_size(data):
    """The size of the log in bytes, as Redis tells it."""
    return int(data.info().get("aof_current_size", 0))


@rests_on("test_kill_and_start")
@beside(after="test_log_is_written_anew")
def test_log_turned_on(copies, some, drill):
    """`aof_on.sh` turns the log on in a Redis that had only snapshots: a kill right after it loses nothing"""
    data = Data(copies.scripted.wait(), drill, some)
    keys = data.write(60)
    data.snapshots_only()
    data.slow_disk(SLOW)
    ran = data.run("aof_on.sh")
    later = data.write(5)
    data.kill()
    data.start()
    expect(ran.code, ENDS, asked="docker compose exec -T redis sh < aof_on.sh")
    lost = data.lost([*keys, *later])
    expect(len(lost), NONE, asked="aof_on.sh, then docker compose kill && docker compose start")
