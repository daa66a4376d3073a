"""The relay before Redis: what it lets through, what it holds, and what a rival can do in the meantime."""

import contextlib
import gc
import socket
import threading
import time

import pytest
import redis

from workshop.engine.run import Run
from workshop.guests.relay import Replies, parse
from workshop.outcomes import Mismatch, Unchecked
from workshop.patience import until
from workshop.probes.outages import tries
from workshop.runtimes.embedded import LocalRedis
from workshop.runtimes.http import Answer
from workshop.wire import traces
from workshop.wire.rivals import RelayProbe, Seen, in_thread


@pytest.fixture(scope="module")
def server():
    with Run() as run:
        made = LocalRedis(run)
        yield made
        made.end()


@pytest.fixture
def outside(server):
    with redis.Redis(server.host, server.port, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture
def student(server):
    with redis.Redis.from_url(server.relay().url, decode_responses=True) as client:
        yield client


def by_get_and_set(r, key):
    count = int(r.get(key) or 0) + 1
    r.set(key, count)


def by_pipeline(r, key):
    count = int(r.get(key) or 0) + 1
    with r.pipeline() as pipe:
        pipe.set(key, count).get(key).execute()


def by_script(r, key):
    r.eval("redis.call('SET', KEYS[1], ARGV[1])", 1, key, int(r.get(key) or 0) + 1)


def by_own_client(r, key):
    with redis.Redis(connection_pool=redis.ConnectionPool(**r.connection_pool.connection_kwargs)) as own:
        by_get_and_set(own, key)


def by_incr(r, key):
    r.incr(key)


def by_lua(r, key):
    r.register_script("return redis.call('INCR', KEYS[1])")(keys=[key])


def by_watch(r, key):
    def change(pipe):
        count = int(pipe.get(key) or 0)
        pipe.multi()
        pipe.set(key, count + 1)

    r.transaction(change, key)


@pytest.mark.parametrize("racy", [by_get_and_set, by_pipeline, by_script, by_own_client])
def test_a_racy_counter_loses_the_rivals_visit(server, outside, student, racy):
    with RelayProbe(server.relay()).rival(lambda: outside.incr("n")) as seen:
        racy(student, "n")
    assert (outside.get("n"), seen.acted) == ("1", 1)


@pytest.mark.parametrize("right", [by_incr, by_lua, by_watch])
@pytest.mark.parametrize("before", ["write", "every", "any"])
def test_an_atomic_counter_loses_none(server, outside, student, right, before):
    with RelayProbe(server.relay()).rival(lambda: outside.incr("n"), before, 3) as seen:
        right(student, "n")
    assert outside.get("n") == str(seen.acted + 1)


@pytest.mark.parametrize(
    ("before", "is_transaction", "acted"),
    [("every", True, 2), ("every", False, 3), ("packet", True, 2), ("packet", False, 2)],
)
def test_the_rival_acts_between_the_commands_of_a_pipeline_that_is_no_transaction(
    server, outside, student, before, is_transaction, acted
):
    with RelayProbe(server.relay()).rival(lambda: outside.incr("acts"), before) as seen:
        student.ping()
        student.get("a")
        student.pipeline(is_transaction).get("a").get("acts").execute()
    assert (seen.acted, seen.packets, outside.get("acts")) == (acted, 2, str(acted))
    assert seen.parted == ([["GET a", "GET acts"]] if acted == 3 else [])


def test_what_comes_before_the_rival_in_a_pipeline_is_carried_out_by_then(server, outside, student):
    seen = []
    with RelayProbe(server.relay()).rival(lambda: seen.append(outside.ttl("n")), before="every"):
        answers = student.pipeline(transaction=False).set("n", "x" * 300_000).get("n").expire("n", 60).execute()
    assert seen == [-2, -1, -1]
    assert [answers[0], len(answers[1]), answers[2]] == [True, 300_000, True]


def test_a_transaction_in_single_packets_is_one_step_too(server, outside, student):
    with (
        RelayProbe(server.relay()).rival(lambda: outside.incr("acts"), before="every") as seen,
        student.client() as alone,
    ):
        for words in (["MULTI"], ["SET", "a", "1"], ["EXPIRE", "a", "9"], ["EXEC"]):
            alone.execute_command(*words)
    assert seen.parted == []


def test_the_bytes_of_replies_are_counted(server, outside, student):
    outside.rpush("row", *["x" * 100] * 10)
    with RelayProbe(server.relay()).watch() as seen:
        student.lrange("row", 0, 1)
        student.pipeline().lrange("row", 0, 4).llen("row").execute()
        redis.Redis.from_url(server.relay().url).close()
    assert 700 <= seen.received <= 850
    assert 500 <= seen.largest <= 600


def test_who_is_cut_off_has_asked_for_data(server, outside, student):
    relay, ended = server.relay(), []
    relay.cut()

    def wait():
        with (
            redis.Redis.from_url(relay.url, retry=None, socket_timeout=None) as other,
            contextlib.suppress(redis.ConnectionError),
        ):
            other.blpop("queue", 0)
        ended.append(True)

    thread = threading.Thread(target=wait)
    thread.start()
    while not outside.info("clients")["blocked_clients"]:
        pass
    student.ping()
    assert relay.cut() == 1
    thread.join(5)
    assert ended == [True]
    assert until(lambda: outside.info("clients")["blocked_clients"] == 0, 1, 0.001)
    assert relay.cut() == 0


def looks_then_watches(r, key):
    count = int(r.get(key) or 0)
    with r.pipeline() as pipe:
        pipe.watch(key)
        pipe.multi()
        pipe.set(key, count + 1)
        pipe.execute()


def test_a_rival_before_a_watch_that_comes_too_late(server, outside, student):
    turns = iter([None, lambda: outside.incr("n")])
    with RelayProbe(server.relay()).rival(lambda: (next(turns, None) or str)(), before="any") as seen:
        looks_then_watches(student, "n")
    assert (outside.get("n"), seen.acted) == ("1", 3)


@pytest.mark.parametrize(
    ("number", "acts", "parted"), [(1, [0], []), (2, [1], []), (3, [2], [["SET", "GET"]]), (4, [], [])]
)
def test_of_a_rival_that_acts_once_only_that_is_kept(number, acts, parted):
    seen = Seen()
    seen.trips, seen.acts, seen.parted = [1, 2], [0, 1, 2], [["SET", "GET"]]
    seen.keep_act(number)
    assert (seen.acts, seen.parted) == (acts, parted)


def test_commands_are_noted(server, outside, student):
    with RelayProbe(server.relay()).watch() as seen:
        student.set("a", "x" * 1000)
    assert [line[:10] for line in seen.data_commands] == ["SET a xxxx"]


def test_a_block_without_a_write_says_what_came(server, outside, student):
    with pytest.raises(Mismatch) as error, RelayProbe(server.relay()).rival(lambda: None):
        student.get("a")
    assert error.value.actual == "GET a"


def test_a_block_without_any_command_is_ours_to_mend(server, outside):
    with pytest.raises(Unchecked, match="ours to mend"), RelayProbe(server.relay()).rival(lambda: None):
        pass


def test_a_block_without_any_command_is_the_students_if_the_relay_is_known_to_work(server, outside, student):
    probe = RelayProbe(server.relay())
    with probe.watch():
        student.get("k")
    with pytest.raises(Mismatch, match="received no command") as told, probe.rival(lambda: None):
        pass
    assert told.value.mistake == "no_command_to_come_before"


def test_connections_are_noted_with_their_times(server, outside):
    with redis.Redis.from_url(server.relay().url) as early:
        early.ping()
        with RelayProbe(server.relay()).watch() as seen:
            early.ping()
            for _ in range(3):
                with redis.Redis.from_url(server.relay().url) as late:
                    late.ping()
    assert len(seen.connections) == 3
    begun = [span[0] for span in seen.connections]
    assert begun == sorted(begun)
    assert all(span[0] <= end for span in seen.connections for end in span[1:])


@pytest.mark.parametrize("away", ["stopped", "paused"])
def test_what_a_request_tries_while_redis_is_away(away):
    class Alone:  # a service with a loop of its own: three tries, with pauses
        def another(self, env):
            self.client = redis.Redis.from_url(env["REDIS_URL"], socket_timeout=0.1, socket_connect_timeout=0.1)
            return self

        def request(self, method, path, limit):
            start, answer = time.monotonic(), Answer("curl", status=503)
            for _ in range(3):
                with contextlib.suppress(redis.RedisError):
                    self.client.incr("n")
                time.sleep(0.15)
            answer.seconds = time.monotonic() - start
            return answer

    with Run() as run:
        own = LocalRedis(run)
        try:
            with getattr(own, away)():
                found = tries(Alone(), RelayProbe(own.relay()), ("GET", "/", {}))
        finally:
            own.end()
    assert found and found.answered
    assert len(found.at) == 3
    assert all(0.1 < pause < 2 for pause in found.pauses)
    assert found.longest < found.seconds


def test_what_goes_wrong_in_the_rival_comes_out(server, outside, student):
    with pytest.raises(ZeroDivisionError), RelayProbe(server.relay()).rival(lambda: 1 / 0):
        student.set("a", 1)


def test_what_goes_wrong_in_the_block_comes_out(server, outside):
    with pytest.raises(KeyError), RelayProbe(server.relay()).rival(lambda: None):
        raise KeyError


def test_a_blocked_client_waits_beside_a_held_one(server, outside, student):
    got = []

    def wait():
        with redis.Redis.from_url(server.relay().url, decode_responses=True) as other:
            got.append(other.blpop("queue", 5))

    thread = threading.Thread(target=wait)
    thread.start()
    while not outside.info("clients")["blocked_clients"]:
        pass
    with RelayProbe(server.relay()).rival(lambda: outside.rpush("queue", "job")):
        student.set("a", 1)
    thread.join()
    assert got == [("queue", "job")] or got == [["queue", "job"]]


def test_large_values_and_long_pipelines_pass(server, outside, student):
    value = "ü" * 2**20
    student.set("large", value)
    assert student.get("large") == value
    with student.pipeline(transaction=False) as pipe:
        for number in range(5000):
            pipe.set(f"key:{number}", number)
        pipe.execute()
    assert outside.dbsize() == 5001


def test_both_protocols_pass(server, outside):
    for protocol in (2, 3):
        with redis.Redis.from_url(server.relay().url, protocol=protocol) as client:
            client.hset("hash", "field", 1)
            assert client.hgetall("hash") == {b"field": b"1"}


def test_redis_may_go_and_come_back(server, outside):
    with redis.Redis.from_url(server.relay().url, retry=None) as client:
        client.ping()
        with server.stopped(), pytest.raises(redis.ConnectionError):
            client.ping()
        assert client.ping()


def test_one_that_ends_while_clients_come_leaves_none_open(server):
    for _ in range(20):
        relay, end = in_thread((server.host, server.port))
        port, came = int(relay.url.split(":")[2].split("/")[0]), []

        def come(port=port, came=came):
            with contextlib.suppress(OSError):
                for _ in range(30):
                    came.append(socket.create_connection(("127.0.0.1", port), timeout=1))

        thread = threading.Thread(target=come)
        thread.start()
        while not came:
            pass
        end()
        thread.join()
        for client in came:
            client.close()
    gc.collect()  # what was left open says so, and a warning is an error here


def test_the_control_port_wants_its_token(server):
    relay = server.relay()
    stranger = type(relay)(relay.url, relay._at, "guess")
    with pytest.raises(ConnectionError), stranger.watch():
        pass


def test_requests_are_cut_where_they_end():
    whole = b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"
    get = [b"GET", b"a"]
    assert parse(bytearray(whole * 2 + whole[:9])) == [(get, len(whole)), (get, 2 * len(whole))]
    assert parse(bytearray(b"PING now\r\n")) == [([b"PING", b"now"], 10)]
    assert parse(bytearray(b"")) == []
    assert parse(bytearray(b"PING\nGET a\r\nSET")) == [
        ([b"PING"], 5),
        (get, 12),
    ]  # in a line of words, \n is its end to Redis
    for at in range(len(whole)):
        assert parse(bytearray(whole[:at])) == []


@pytest.mark.parametrize(
    "request_",
    [
        b"*1\rX$4\rXPING\r\n",
        b"*x\r\n",
        b"*1\r\nPING\r\n",
        b"*1\r\n$-1\r\n",
        b"*" + b"1" * 99,
        b'"GET" a\r\n',
        b"*1_0\r\n",
    ],
)
def test_what_redis_might_read_otherwise_is_refused(request_):
    with pytest.raises(ValueError):
        parse(bytearray(request_))


def by_hand(server, text):
    """What comes back for these bytes, sent to the relay; empty where it hangs up."""
    host, port = server.relay().url.removeprefix("redis://").removesuffix("/0").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(text)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))


def test_no_command_goes_by_in_the_shadow_of_another(server, outside):
    probe = RelayProbe(server.relay())
    with probe.watch() as seen:
        by_hand(server, b"PING\nSET key 1\r\n")
    assert seen.commands == [["PING"], ["SET", "key", "1"]] and seen.packets == 1
    with contextlib.suppress(ConnectionError):
        by_hand(server, b"*1\rX$4\rXPING\r\n" + b"SET key 2\r\n")
    assert outside.get("key") == "1"


def test_too_large_a_request_hides_nothing(server, outside):
    with contextlib.suppress(ConnectionError):
        by_hand(server, b"*2\r\n$4\r\nECHO\r\n$40000000\r\n" + b"x" * 40_000_000 + b"\r\nSET key 1\r\n")
    assert not outside.exists("key")


def test_nobody_else_resets_what_is_counted(server, outside, student):
    outside.config_resetstat()
    student.get("key")
    with pytest.raises(redis.ResponseError, match="switched off"):
        student.config_resetstat()
    assert b"switched off" in by_hand(server, b"PING\r\nconfig  ResetStat\nPING\r\n")
    assert outside.info("commandstats")["cmdstat_get"]["calls"] == 1


@pytest.mark.parametrize("before", [b"CLIENT REPLY SKIP\r\nPING\r\n", b"HELLO 3\r\nSUBSCRIBE a\r\nPING\r\n"])
def test_replies_that_do_not_come_hide_no_bytes(server, outside, before):
    outside.set("key", "x" * 5000)
    with RelayProbe(server.relay()).watch() as seen:
        by_hand(server, before + b"GET key\r\nPING\r\n")
    assert seen.received > 5000


def test_what_redis_sends_unasked_is_counted(server, outside, student):
    with RelayProbe(server.relay()).watch() as seen:
        by_hand(server, b"HELLO 3\r\nSUBSCRIBE a\r\nPUBLISH a %s\r\n" % (b"x" * 5000))
    assert seen.received > 5000


REPLIES = [
    b"+OK\r\n",
    b"$-1\r\n",
    b"$2\r\n\r\n\r\n",
    b"*2\r\n:1\r\n*1\r\n$1\r\na\r\n",
    b"*0\r\n",
    b"%1\r\n+key\r\n~2\r\n,1.5\r\n#t\r\n",
    b"_\r\n",
]


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_replies_are_cut_where_they_end(step):
    whole = REPLIES[0] + b">2\r\n+invalidate\r\n*0\r\n" + b"".join(REPLIES[1:])  # what is pushed is no reply
    replies = Replies()
    sizes = [size for at in range(0, len(whole), step) for size in replies.feed(whole[at : at + step])]
    assert sizes == [*map(len, REPLIES)]


def test_a_locked_redis_is_reached_through_the_relay_alone(server, outside):
    assert traces.lock(outside, "secret")
    server.relay().let_in("secret")
    try:
        with redis.Redis(server.host, server.port) as direct, pytest.raises(redis.AuthenticationError):
            direct.get("key")
        with redis.Redis.from_url(server.relay().url) as student:
            assert student.set("key", "1")
            for opening in ("CONFIG SET requirepass x", "ACL SETUSER default nopass", "REPLICAOF 127.0.0.1 1"):
                with pytest.raises(redis.ResponseError, match="switched off"):
                    student.execute_command(*opening.split())
            assert student.config_get("maxmemory")
    finally:
        assert traces.emptied(server.host, server.port, traces.settings(outside), {"password": "secret"})
    with redis.Redis(server.host, server.port) as direct:  # it is as before
        assert direct.ping()
    with redis.Redis.from_url(server.relay().url) as student:  # which still says the password
        assert student.get("key") is None


def test_what_was_left_before_the_counts_were_reset_stays_known(server, outside, student):
    server.settings, server.is_worn = traces.settings(outside), False
    outside.config_resetstat()
    traces.note_worn(outside, server)
    assert not server.is_worn
    student.config_set("maxmemory", "100mb")
    traces.note_worn(outside, server)
    outside.config_resetstat()
    outside.config_set("maxmemory", 0)
    assert server.is_worn and not traces.stay(outside, server.settings)
