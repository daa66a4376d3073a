"""A rival that acts while the student's code is between two of its commands: the grader's side of a relay."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from workshop.guests.relay import HOLD_LIMIT, Server, is_data
from workshop.outcomes import Mismatch, Unchecked
from workshop.patience import until

OURS_TO_MEND = (
    "Nothing of the student's code came past the relay, so no rival could act. That is ours to mend, not yours."
)


class Seen:
    """What a block of `Relay.rival` has seen; filled in at its end."""

    def __init__(self) -> None:
        self.acted = 0
        self.packets = 0  # those that held a command on data: one for each round trip, unless it is very large
        self.trips: list[int] = []  # of each packet, how many commands it held
        self.acts: list[int] = []  # before which of the commands the rival acted
        self.rival = ""  # what it did, if whoever let it act tells
        self.received = 0  # bytes of Redis' replies to commands on data, and of the largest one
        self.largest = 0
        self.commands: list[list[str]] = []
        self.parted: list[list[str]] = []  # pairs from one packet between which the rival acted
        self.connections: list[
            list[float]
        ] = []  # from when to when (if it has ended), in seconds since the block began

    @property
    def data_commands(self) -> list[str]:
        """The commands that asked for or changed data, as lines to read."""
        return [" ".join(words) for words in self.commands if is_data(words[0])]

    def keep_act(self, number: int) -> None:
        """Keeps of what the rival did its act of this number alone: in those before it only waited."""
        self.acts = self.acts[number - 1 : number]
        is_within_a_packet = not {*self.acts} <= {0, *itertools.accumulate(self.trips)}
        self.parted = self.parted[-1:] if is_within_a_packet else []


class NeverActed(Exception):
    """The block ended and the rival never got to act. `seen` tells what went by."""

    def __init__(self, seen: Seen) -> None:
        super().__init__("The rival never got to act.")
        self.seen = seen


class Relay:
    """The grader's hold on a relay. `url` is how the student's code finds Redis through it, `beside` how it does in the relay's own network."""

    def __init__(self, url: str, control: tuple[str, int], token: str, beside: str | None = None) -> None:
        self.url, self.beside, self._at, self._token = url, beside or url, control, token

    def wait_until_up(self, limit: float = 10.0) -> None:
        """Returns once the relay answers. Raises ConnectionError where it does not in `limit` seconds."""
        if not until(self._answers, limit, 0.02):
            raise ConnectionError("The relay does not answer.")

    def _answers(self) -> bool:
        try:
            with self.watch():
                return True
        except OSError:
            return False

    @contextlib.contextmanager
    def rival(self, act: Callable[[], object], before: str = "write", times: int | None = None) -> Iterator[Seen]:
        """Within the block, `act` runs in this process just before the first command that changes data reaches Redis.

        `before="every"` runs it before each command that reads or changes data, at most `times` times (20 unless told), also between those of one
        pipeline; the commands of one transaction are one. `before="any"` comes before a WATCH too, which shows who watches a key only after
        looking at it; `before="packet"` before what travels together, transaction or not.
        Raises NeverActed at the end of a block that raised nothing itself and in which `act` never ran.
        """
        problem: list[BaseException] = []

        def acting() -> None:
            try:
                act()
            except BaseException as error:
                problem.append(error)

        with self._watching(acting, before, times or (1 if before == "write" else 20)) as seen:
            yield seen
        if problem:
            raise problem[0]
        if not seen.acted:
            raise NeverActed(seen)

    @contextlib.contextmanager
    def watch(self) -> Iterator[Seen]:
        """Within the block, notes the commands that go by and holds none."""
        with self._watching(lambda: None, "write", 0) as seen:
            yield seen

    def cut(self) -> int:
        """Cuts off all clients that have asked for data or changed it; returns how many they were. Raises OSError if the relay is gone."""
        with socket.create_connection(self._at, timeout=5) as control, control.makefile("rwb") as channel:
            channel.write(json.dumps({"token": self._token, "cut": True}).encode() + b"\n")
            channel.flush()
            return int(json.loads(channel.readline() or b"{}").get("cut", 0))

    def let_in(self, password: str) -> None:
        """From now on it says this password to Redis for each client. Raises OSError if the relay is gone."""
        with socket.create_connection(self._at, timeout=5) as control, control.makefile("rwb") as channel:
            channel.write(json.dumps({"token": self._token, "password": password}).encode() + b"\n")
            channel.flush()
            channel.readline()

    @contextlib.contextmanager
    def _watching(self, act: Callable[[], None], before: str, times: int) -> Iterator[Seen]:
        seen, ended, turn = Seen(), threading.Event(), threading.Lock()
        with socket.create_connection(self._at, timeout=5) as control, control.makefile("rwb") as channel:
            control.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
            )  # else “end” waits for 40 ms behind an unacknowledged “go”

            def say(message: dict[str, Any]) -> None:
                channel.write(json.dumps(message).encode() + b"\n")
                channel.flush()

            def follow() -> None:
                with contextlib.suppress(OSError, ValueError):
                    for line in channel:
                        event = json.loads(line)
                        if "held" in event:
                            with turn:
                                act()
                                say({"go": True})
                        elif "acted" in event:
                            vars(seen).update(event)
                            break
                ended.set()

            say({"token": self._token, "before": before, "times": times})
            if not json.loads(channel.readline() or b"{}").get("ready"):
                raise ConnectionError("The relay does not answer.")
            control.settimeout(None)
            follower = threading.Thread(target=follow, daemon=True)
            follower.start()
            try:
                yield seen
            finally:
                is_mine = turn.acquire(timeout=HOLD_LIMIT)  # a rival that is acting gets to its end
                with contextlib.suppress(OSError):
                    say({"end": True})
                if is_mine:
                    turn.release()
                ended.wait(HOLD_LIMIT)
                with contextlib.suppress(OSError):
                    control.shutdown(socket.SHUT_RDWR)
                follower.join(1)


def in_thread(target: tuple[str, int], database: int = 0) -> tuple[Relay, Callable[[], None]]:
    """A relay to `target` in a thread of this process, and the function that ends it."""
    token = secrets.token_hex(16)
    server, listening, ended = Server(target, token), threading.Event(), asyncio.Event()
    ports: list[int] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        ports.extend(await server.listen("127.0.0.1", 0, 0))
        loops.append(asyncio.get_running_loop())
        listening.set()
        await ended.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await server.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    if not listening.wait(5):
        raise ConnectionError("The relay did not start.")

    def end() -> None:
        loops[0].call_soon_threadsafe(ended.set)
        thread.join(2)

    return Relay(f"redis://127.0.0.1:{ports[0]}/{database}", ("127.0.0.1", ports[1]), token), end


class RelayProbe:
    """The relay before the run's Redis. `url` is the address for the student's code: `service.another(env={"REDIS_URL": relay.url})`."""

    def __init__(self, relay: Relay) -> None:
        self._relay, self.url = relay, relay.url
        self._works = False  # whether a command has come past it

    @contextlib.contextmanager
    def rival(self, act: Callable[[], object], before: str = "write", times: int | None = None) -> Iterator[Seen]:
        """Within the block, `act` runs in the grader just before the student's first command that changes data reaches Redis.

        `before="every"` takes each command that reads or changes data, at most `times` (20), `before="any"` WATCH too, and `before="packet"` what
        travels together as one. The block's value has, after its end, `acted`, `commands`, and `parted`: the commands of one packet between which
        `act` ran, as they were no transaction. A block in which `act` never ran raises Mismatch if a command of the student's
        came past here, then or earlier; else Unchecked.
        """
        try:
            with self._relay.rival(act, before, times) as seen:
                yield seen
        except NeverActed as error:
            if not error.seen.commands and not self._works:
                raise Unchecked(OURS_TO_MEND) from None
            sent = error.seen.data_commands
            kind = "that changes data" if before == "write" else "that reads or changes data"
            raise Mismatch(
                f"Redis received no command {kind}.",
                mistake="no_command_to_come_before",
                actual="\n".join(sent[:5]) or "no command at all",
            ) from None

    @contextlib.contextmanager
    def watch(self) -> Iterator[Seen]:
        """Within the block, notes the commands that the student's code sends: `commands` after its end."""
        with self._relay.watch() as seen:
            yield seen
        self._works = self._works or bool(seen.commands)
