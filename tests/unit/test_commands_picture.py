"""Commands as they arrive: read from MONITOR's lines, cut, without passwords; drawn so that one step is one frame. And where nobody looks, nobody listens."""

import contextlib
import itertools
import socket
import threading
import xml.etree.ElementTree as ET

import pytest

from workshop.patience import until
from workshop.pictures import commands
from workshop.pictures.commands import Arrived, Row, rows
from workshop.web.redises import named
from workshop.wire import monitor
from workshop.wire.monitor import HIDDEN, Command, Monitor, read, without_secrets

HOSTILE = '<script>alert("1")</script>\x1b[31m&]]>'
# What redis:8 told of a client of redis-py that sets a key in a transaction, and runs a script.
TOLD = r"""+1795974518.179875 [0 172.18.0.3:48890] "HELLO" "3"
+1795974518.328677 [0 172.18.0.3:48890] "CLIENT" "SETINFO" "LIB-NAME" "redis-py"
+1795974518.329494 [0 172.18.0.3:48890] "CLIENT" "SETINFO" "LIB-VER" "8.1.0"
+1795974518.330912 [0 172.18.0.3:48890] "EVAL" "redis.call('set',KEYS[1],1)" "1" "animal"
+1795974518.331001 [0 lua] "set" "animal" "1"
+1795974518.331582 [0 172.18.0.3:48890] "MULTI"
+1795974518.331623 [0 172.18.0.3:48890] "SET" "animal" "\xc3\xa9 \"\n\\x41"
+1795974518.331626 [0 172.18.0.3:48890] "GET" "colour"
+1795974518.331630 [0 172.18.0.3:48890] "EXEC"
+1795974518.400000 [0 127.0.0.1:50000] "ping"
+1795974518.500000 [0 172.18.0.1:40000] "INCR" "visits"
+1795974518.600000 [0 172.18.0.3:48900] "GET" "visits"
"""
WHO = named({"172.18.0.3": "web"}, "inside")


def heard():
    return [command for line in TOLD.splitlines() if (command := read(line))]


def test_a_line_is_read_with_its_words():
    told = heard()
    assert len(told) == len(TOLD.splitlines())
    assert told[0] == Command(1795974518.179875, "172.18.0.3:48890", ("HELLO", "3"))
    assert told[4].client == "lua"
    assert told[6].words == ("SET", "animal", 'é "\n\\x41')
    assert read("+OK") is None
    assert read("-NOAUTH Authentication required.") is None


def test_what_is_long_is_cut():
    long = " ".join(['"MSET"', *(f'"{"x" * 500}"' for _ in range(40))])
    told = read(f"+1.0 [0 1.2.3.4:5] {long}")
    assert len(told.words) == monitor.MOST_WORDS + 1
    assert told.words[-1] == "… 29 more"
    assert max(map(len, told.words)) == monitor.MOST_LETTERS + 1
    cut = read(f"+1.0 [0 1.2.3.4:5] {long}"[: monitor.MOST_BYTES])
    assert cut.words[0] == "MSET"
    assert read(r'+1.0 [0 1.2.3.4:5] "SET" "k" "\xc').words[:2] == ("SET", "k")


@pytest.mark.parametrize(
    "words",
    [
        ["AUTH", "hush"],
        ["auth", "user", "hush"],
        ["HELLO", "3", "AUTH", "default", "hush"],
        ["CONFIG", "SET", "requirepass", "hush"],
        ["config", "set", "maxmemory", "1", "MasterAuth", "hush"],
        ["ACL", "SETUSER", "bob", "on", ">hush", "~*"],
        ["MIGRATE", "h", "1", "", "0", "5", "AUTH", "hush", "KEYS", "k"],
        ["MIGRATE", "h", "1", "", "0", "5", "AUTH2", "bob", "hush", "KEYS", "k"],
    ],
)
def test_passwords_are_left_out(words):
    left = without_secrets(words)
    assert HIDDEN in left
    assert not any("hush" in word for word in left)
    assert len(left) == len(words)


def test_a_value_called_auth_is_no_password():
    assert without_secrets(["SET", "auth", "hush"]) == ["SET", "auth", "hush"]


def test_rows_name_who_sent_them_and_what_is_one_step():
    made, pings = rows(heard(), WHO, "inside")
    assert pings == 1
    assert [row.who for row in made] == [*["web 1"] * 2, "script", *["web 1"] * 4, "your machine", "web 2"]
    assert made[0].words == ("connects:", "HELLO", "CLIENT SETINFO")
    assert [row.words[0] for row in made[1:]] == ["EVAL", "SET", "MULTI", "SET", "GET", "EXEC", "INCR", "GET"]
    steps = [row.step for row in made]
    assert steps[1] == steps[2] != steps[3] == steps[6]
    assert steps[0] is steps[7] is steps[8] is None


def test_a_transaction_of_which_only_the_end_is_left_is_no_frame():
    made, _ = rows(heard()[7:9], WHO)
    assert [row.step for row in made] == [None, None]


def test_commands_are_drawn_and_told():
    made, pings = rows(heard(), WHO, "inside")
    found = Arrived(made, pings)
    drawn = ET.fromstring(commands.svg(found))
    written = ["".join(element.itertext()) for element in drawn.iter() if element.tag.endswith("text")]
    assert {"INCR visits", "1 × PING from inside, as by a health test", "web 2"} <= set(written)
    assert sum(element.get("class", "").startswith("box") for element in drawn.iter()) == 2
    lines = commands.text(found).splitlines()
    assert sum("  | " in line for line in lines) == 6
    assert lines[-2].endswith("web 2  GET visits")
    assert lines[1].endswith("web 1  connects: HELLO, CLIENT SETINFO")


def test_where_nothing_arrived_or_too_much_it_is_said():
    for told in (commands.svg(Arrived(())), commands.text(Arrived(()))):
        assert commands.NONE_YET in told
    assert "More came than can be shown" in commands.text(Arrived((), is_resting=True))


def test_nothing_that_a_stranger_sent_gets_out_of_a_text():
    found = Arrived((Row(HOSTILE, HOSTILE, (HOSTILE, HOSTILE), 1), Row("x", HOSTILE, (HOSTILE,), 1)))
    drawn = commands.svg(found)
    assert "<script" not in drawn
    assert "\x1b" not in drawn + commands.text(found)
    assert ET.fromstring(drawn).get("aria-label")


@pytest.fixture
def line():
    """(a monitor, Redis' end of its connection)."""
    ends = [socket.socketpair() for _ in range(2)]
    dialled = iter(ends)
    made = Monitor(lambda: next(dialled)[0])
    yield made, ends[0][1]
    made.close()
    assert until(lambda: not made.is_open, 10)
    for one in itertools.chain(*ends):
        one.close()


def test_it_listens_until_it_is_closed(line):
    made, server = line
    server.settimeout(10)
    assert b"MONITOR" in server.recv(100)
    server.sendall(b"+OK\r\n" + TOLD.replace("\n", "\r\n").encode())
    assert until(lambda: len(made.commands) == len(TOLD.splitlines()), 10)
    made.own.add("172.18.0.3:48890")
    assert [one.words[0] for one in made.commands] == ["set", "ping", "INCR", "GET"]
    made.close()
    assert until(lambda: not made.is_open, 10)
    assert server.recv(100) == b""


def test_it_rests_where_too_much_arrives(line):
    made, server = line
    flood = b'+1.0 [0 1.2.3.4:5] "INCR" "x"\r\n' * (monitor.MOST_A_SECOND * 20)

    def send():
        with contextlib.suppress(OSError):  # it hangs up in the middle of it
            server.sendall(flood)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    assert until(lambda: made.is_resting, 10)
    assert len(made.commands) <= monitor.KEPT
    thread.join(10)


def test_a_line_without_an_end_is_not_kept_in_memory(line):
    made, server = line
    value = b"x" * 100_000
    server.sendall(b'+1.0 [0 1.2.3.4:5] "SET" "k" "' + value + b'"\r\n+1.0 [0 1.2.3.4:5] "GET" "k"\r\n')
    assert until(lambda: len(made.commands) == 2, 10)
    assert made.commands[0].words[:2] == ("SET", "k")
    assert made.commands[1].words == ("GET", "k")
