"""What graders call `notebook`: the student's functions, asked by name. Its two kinds differ in where the function runs.

`notebook.record_visit("home")` calls the student's `record_visit(r, "home")` and returns what it returned, as plain data.
"""

from __future__ import annotations

import abc
import contextlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from workshop.outcomes import Mismatch, NotUp, Unchecked
from workshop.raised import Raised
from workshop.values import copied, spelled
from workshop.wire.probe import is_refusal, refusing
from workshop.wire.rivals import RelayProbe, Seen
from workshop.wire.trail import Trail

CALL_LIMIT = 3.0  # seconds
# Of a function in which a rival comes in; the right ones known take four, and a few more where they try again.
MOST_STEPS = 20
WITH_A_SECOND_WORD = {"object", "memory", "xinfo", "xgroup", "function", "latency", "pubsub"}
CHATTER = {
    "hello",
    "info",
    "ping",
    "auth",
    "select",
    "quit",
    "reset",
    "echo",
    "readonly",
    "command",
    "script",
    "client",
    "config",
}


class Counts:
    """What Redis received in a block of `counted`; filled in at its end.

    `commands` has the name of each command (small letters) with the number of its calls, as Redis counted them; those inside a script count too.
    `round_trips` is the number of times that something was sent and waited for, `bytes` the size of all replies, `largest` that of the largest one.
    """

    def __init__(self) -> None:
        self.commands: Counter[str] = Counter()
        self.round_trips = self.bytes = self.largest = 0
        self.sent: list[str] = []
        self.names: list[str] = []  # of all that was sent, as Redis counts them

    def take(self, seen: Seen) -> None:
        """Takes what has gone past a relay."""
        self.round_trips, self.sent = seen.packets, seen.data_commands
        self.bytes, self.largest = seen.received, seen.largest
        names = (counted_as(words) for words in seen.commands)
        self.names = [name for name in names if name.partition("|")[0] not in CHATTER]

    def __getitem__(self, name: str) -> int:
        return self.commands[name]

    @property
    def total(self) -> int:
        """How many commands there were in all."""
        return self.commands.total()

    def __str__(self) -> str:
        return ", ".join(f"{count} × {name.upper()}" for name, count in self.commands.most_common()) or "no command"

    def __repr__(self) -> str:
        trips = "1 round trip" if self.round_trips == 1 else f"{self.round_trips} round trips"
        return f"{trips} ({self})"


class Notebooks:
    """The notebook's client, as a call shows it."""

    def __repr__(self) -> str:
        return "r"


class Exercises(abc.ABC):
    """The functions of a notebook. `note` is told of each call, as a line to copy; `calls` takes those of the current check."""

    def __init__(self, note: Callable[[str], None], calls: Trail) -> None:
        self._note, self._calls = note, calls
        self.called = ""  # the function that was called last
        self.answers: list[
            tuple[str, Any]
        ] = []  # of this check: the functions that were called, with what they returned
        self.rivals: list[Seen] = []  # of this check: what each of them has seen

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **options: self.call(name, *args, **options)

    def call(self, name: str, *args: Any, limit: float = CALL_LIMIT, **options: Any) -> Any:
        """Calls the student's function `name` with `r` first; returns plain data.

        Raises Mismatch if it raises, or runs longer than `limit` seconds; NotUp, the same one each time, where it is missing or not written yet.
        """
        return self.start(name, *args, **options).result(limit)

    def start(self, name: str, *args: Any, **options: Any) -> Pending:
        """Calls the function without waiting for it: `result(limit)` of what comes back waits, `is_done(limit)` asks."""
        asked = spelled(name, (Notebooks(), *args), options)
        self.called = name
        self._calls.call(asked)
        self._note(copied(self._calls))
        return Pending(self, name, asked, self._begin(name, args, options))

    @contextlib.contextmanager
    def counted(self) -> Iterator[Counts]:
        """Counts what Redis receives from the functions called in the block. The grader looks at Redis after the block, not in it."""
        counts = Counts()
        client = self._client()
        try:
            self._relay().wait_until_up()
            self._forget(client)
            with self._relay().watch() as seen:
                yield counts
            statistics = client.info("commandstats")
        except Exception as error:
            if type(error).__module__.startswith("redis"):
                if self._calls.has_called and is_refusal(error):
                    raise refusing(str(error)) from None
                raise Unchecked("This server does not count its commands.", actual=str(error)) from None
            raise
        for key, numbers in statistics.items():
            name = key.removeprefix("cmdstat_")
            if name.partition("|")[0] not in CHATTER:
                counts.commands[name] += numbers["calls"]
        counts.take(seen)

    @contextlib.contextmanager
    def rival(
        self, act: Callable[[], object], before: str = "write", times: int | None = None, at: int | None = None
    ) -> Iterator[Seen]:
        """Within the block, `act` runs just before the student's first command that changes data reaches Redis; see `RelayProbe.rival`.

        `at=2` runs it once, before the second step: a command that reads or changes data, a transaction, or a WATCH. A function of fewer steps
        meets no rival.
        """
        did: list[str] = []
        steps = itertools.count(1)

        def acting() -> None:
            if at in (None, next(steps)):
                start = len(self._calls)
                act()
                did.extend(self._calls[start:])

        if at:
            before, times = "any", at
        try:
            with RelayProbe(self._relay()).rival(acting, before, times) as seen:
                self.rivals.append(seen)
                try:
                    yield seen
                finally:
                    seen.rival = did[0] if did else ""
        finally:
            if at and self.rivals:
                self.rivals[-1].keep_act(at)

    def steps(self, *cases: Any) -> Iterator[Any]:
        """For a loop with one block of `rival(…, at=at)`: 1, 2, 3 and so on, as far as the function takes steps; with `cases`, pairs of that and a case.

        Raises Mismatch where it takes more than MOST_STEPS: nobody could say what comes after them.
        """
        for case in cases or (None,):
            for at in range(1, MOST_STEPS + 1):
                yield (at, case) if cases else at
                if not (self.rivals and self.rivals[-1].acts):
                    break
            else:
                words = f"at most {MOST_STEPS} steps: commands, transactions or scripts"
                raise Mismatch(expected=words, actual="\n".join(self.rivals[-1].data_commands[:MOST_STEPS]))

    @property
    def nones(self) -> int:
        """How often a look of the grader's since the last call has found None: such a None is no answer of the function."""
        return self._calls.nones

    @property
    def parted(self) -> list[list[str]]:
        """The commands between which the last rival of this check acted though they travelled together: they were no transaction."""
        return self.rivals[-1].parted if self.rivals else []

    def _forget(self, client: Any) -> None:
        """Resets what Redis has counted."""
        client.config_resetstat()

    def _stretch(self, begun: Any) -> float:
        """By how much a call's time limit is stretched on a busy machine."""
        return 1.0

    @abc.abstractmethod
    def outline(self, name: str) -> dict[str, Any] | None:
        """How the function is written; see `guests.notebook.outline`. None if that cannot be told."""

    @abc.abstractmethod
    def _begin(self, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any: ...

    @abc.abstractmethod
    def _finish(self, begun: Any, limit: float) -> dict[str, Any] | None: ...

    @abc.abstractmethod
    def _stop(self, begun: Any) -> None: ...

    @abc.abstractmethod
    def _patience_of(self, begun: Any) -> float | None: ...

    @abc.abstractmethod
    def _relay(self) -> Any: ...

    @abc.abstractmethod
    def _client(self) -> Any: ...


class Pending:
    """A call under way."""

    def __init__(self, owner: Exercises, name: str, asked: str, begun: Any) -> None:
        self._owner, self._name, self._asked, self._begun = owner, name, asked, begun
        self._answer: dict[str, Any] | None = None

    def is_done(self, limit: float = 0.0) -> bool:
        """Whether it has ended, or does so within `limit` seconds."""
        if self._answer is None:
            self._answer = self._owner._finish(self._begun, limit)
        return self._answer is not None

    @property
    def patience(self) -> float | None:
        """The shortest time-out, in seconds, of the clients that the function itself has made by now; None if they wait as long as it takes.

        The client that it was handed does so.
        """
        self.is_done()
        return self._owner._patience_of(self._begun)

    def result(self, limit: float = CALL_LIMIT) -> Any:
        """What the function returned, as plain data. Raises Mismatch if it raised, or has not ended within `limit` seconds."""
        limit *= self._owner._stretch(self._begun)
        if not self.is_done(limit):
            self._owner._stop(self._begun)
            raise Mismatch(
                f"The call had not ended after {limit:.0f} s and was stopped. Does it loop forever, or wait for something that never comes?",
                mistake="call_never_ended",
                asked=self._asked,
                actual=f"no answer in {limit:.0f} s",
            )
        assert self._answer is not None
        value = value_of(self._answer, self._asked)
        self._owner.answers.append((self._name, value))
        return value


def counted_as(words: list[str]) -> str:
    """The name under which Redis counts a command."""
    name = words[0].lower()
    return f"{name}|{words[1].lower()}" if name in WITH_A_SECOND_WORD and len(words) > 1 else name


def value_of(answer: dict[str, Any], asked: str) -> Any:
    """The value in a runner's answer. Raises Mismatch for an exception, with what was raised."""
    if "value" in answer:
        return untagged(answer["value"])
    if "gone" in answer:
        raise Mismatch(
            "The call ended its own process, or used more memory than it may.",
            mistake="call_ended_its_process",
            asked=asked,
            actual="the process is gone",
        )
    error = raised(answer["error"])
    raise Mismatch(asked=asked, actual=shown(error), error=error)


def raised(told: dict[str, Any]) -> Raised:
    """The exception of a runner's answer."""
    source = told.get("source")
    return Raised(
        readable(told["type"]),
        readable(told["message"]),
        told.get("place"),
        told.get("line"),
        source and readable(source),
    )


def readable(text: str) -> str:
    """The text as UTF-8 can write it: half a pair of surrogates is none."""
    return text.encode("utf-8", "backslashreplace").decode()


def shown(error: Raised) -> str:
    """The exception as a report shows it, with the student's own line."""
    if error.type in ("NotPlain", "TooMuch"):
        return error.message
    where = f"code cell {error.place}, line {error.line}" if error.place else f"line {error.line} of the cell"
    own = f"\nat {where}: {error.source}" if error.source else ""
    return error.last_line[:600] + own


def untagged(value: Any) -> Any:
    """What the runner's `plain` made, with sets and dicts as such again."""
    if isinstance(value, list):
        return [untagged(one) for one in value]
    if isinstance(value, dict):
        if "set" in value:
            return {hashable(untagged(one)) for one in value["set"]}
        return {hashable(untagged(key)): untagged(one) for key, one in value["dict"]}
    return value


def hashable(value: Any) -> Any:
    """The value, with tuples for lists, so that it can stand in a set."""
    if isinstance(value, dict):
        return tuple((key, hashable(one)) for key, one in value.items())
    if isinstance(value, set):
        return frozenset(value)
    return tuple(hashable(one) for one in value) if isinstance(value, list) else value


def not_written(name: str) -> NotUp:
    """What to raise for a function that has no body yet."""
    return NotUp(
        f"Not attempted: `{name}` has no code yet. Write it where the notebook says “Your turn”, run the cell, and save.",
        mistake="not_attempted",
        expected=f"a body for {name}",
        actual="only its docstring",
    )
