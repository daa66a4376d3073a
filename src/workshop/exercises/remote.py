"""The notebook of a check from outside: its cells and its functions run in a runner, the grader stands beside Redis."""

from __future__ import annotations

import contextlib
import difflib
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from workshop.course import handin
from workshop.exercises import cells
from workshop.exercises.exercises import Exercises, not_written, raised, shown
from workshop.exercises.runner import Runner, RunnerGone
from workshop.exercises.runners import Runners
from workshop.outcomes import Mismatch, NotUp, Unchecked
from workshop.patience import until
from workshop.raised import Raised
from workshop.wire import traces
from workshop.wire.probe import refusing
from workshop.wire.trail import Trail

CELL_LIMIT = 5.0  # seconds for one cell
CELLS_LIMIT = 30.0  # seconds for all of them
AT_REST = 0.03  # seconds in which a call's client is connected on a machine that is not busy
MOST_PATIENCE = 5.0
UP_LIMIT = 5.0  # seconds in which a Redis that was started answers
CONNECT_LIMIT = 15.0  # seconds in which a call's client connects
REST_LIMIT = 5.0  # seconds in which all calls are ended


DEF = re.compile(r"^(?:async\s+)?def\s+(\w+)", re.MULTILINE)


def defines(name: str) -> re.Pattern[str]:
    """What a cell looks like that defines this function."""
    return re.compile(rf"^\s*(?:async\s+)?def\s+{re.escape(name)}\b|^{re.escape(name)}\s*=", re.MULTILINE)


class Begun(NamedTuple):
    """A call under way in the runner. `time_outs` are those of the clients that it has made."""

    number: int
    name: str
    connected_in: float
    time_outs: list[float]


class RemoteNotebook(Exercises):
    """One student's notebook at `path`, run by a runner against the Redis that `server` describes.

    Cells whose source is in `without` are not run: the lesson's own that only measure.
    """

    def __init__(
        self,
        path: Path,
        runners: Runners,
        server: Any,
        note: Callable[[str], None],
        calls: Trail,
        without: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(note, calls)
        self._lesson = path.stem
        read = cells.read(path)
        self._cells = [(number, source) for number, source in cells.code_cells(read) if source.strip() not in without]
        self._texts = cells.text_cells(read)
        self._runners, self._server = runners, server
        self._skip: list[int] = []
        self._failures: dict[int, Raised] = {}  # by the number of the cell that stopped
        self._down: dict[str, NotUp] = {}
        self._hung: set[str] = set()
        self._left: set[int] = set()  # calls that have not ended by themselves
        self._password = secrets.token_hex(16)
        self._admin = self._connect()
        if server.settings is None:
            server.settings = self._settings()
        self._lock()
        self._runner = self._run_cells()

    def _connect(self) -> Any:
        import redis

        return redis.Redis(
            self._server.host,
            self._server.port,
            decode_responses=True,
            encoding_errors="backslashreplace",
            socket_timeout=1,
            socket_connect_timeout=1,
            **self._server.options,
        )

    def _lock(self) -> None:
        """Lets nobody ask Redis but the grader and the relay: what came another way would meet no rival and be counted as no trip."""
        self._relay().let_in(self._password)  # before: who comes in between is let in all the same
        if traces.lock(self._admin, self._password):
            self._server.options = {"password": self._password}
            self._admin.close()
            self._admin = self._connect()

    def _answers(self) -> bool:
        """Whether Redis answers now."""
        import redis

        try:
            return bool(self._admin.ping())
        except redis.RedisError:
            return False

    def _settings(self) -> dict[str, str] | None:
        """The settings of Redis once it answers; None if it does not tell them."""
        until(self._answers, UP_LIMIT, 0.02)
        return traces.settings(self._admin)

    def _run_cells(self) -> Runner:
        """Runs all cells in a new runner; a cell that hangs or ends the runner is left out from then on."""
        relay = self._relay()
        for _ in range(len(self._cells) + 1):
            runner = self._runners.take(self._server.beside)
            url = relay.beside if runner.beside else relay.url
            end, current = time.monotonic() + CELLS_LIMIT, 0
            try:
                runner.tell({"do": "run", "cells": self._cells, "url": url, "skip": self._skip, "limit": CELL_LIMIT})
                while (message := runner.hear(min(CELL_LIMIT + 2, end - time.monotonic()))) and "ran" not in message:
                    current = message.get("cell", current)
            except RunnerGone:
                message = None
            if message:
                self._failures |= {told["cell"]: raised(told) for told in message["ran"]}
                return runner
            runner.end(hangs=True)
            self._skip.append(current)
            self._failures[current] = Raised("OutOfTime", place=current)
        hint = (
            "A cell of the notebook ended the process that runs it, again and again. Take out what ends Python there."
        )
        raise NotUp(hint, mistake="cell_ends_the_process", expected="cells that leave Python running")

    def fresh(self) -> None:
        """Ends what the check before has left, empties Redis, and puts it right where a function stopped it or changed its settings."""
        import redis

        self._rest()
        self.answers.clear()
        self.rivals.clear()
        try:
            if not traces.stay(self._admin, self._server.settings, and_empty=True) and not self._server.is_worn:
                return
        except redis.RedisError:
            pass
        with self._server.stopped():
            pass
        self._server.options, self._server.is_worn = {}, False
        self._admin = self._connect()
        if not until(self._answers, UP_LIMIT, 0.02):
            raise Unchecked("Redis could not be started again.")
        self._admin.flushall()
        self._lock()

    def _rest(self) -> None:
        """Ends all calls and what they started. When it returns, nothing of theirs is on its way to Redis any more."""
        if not self._left:
            return
        self._left.clear()
        try:
            self._runner.tell({"do": "rest"})
            while (message := self._runner.hear(REST_LIMIT)) and "rests" not in message:
                pass
        except RunnerGone:
            message = None
        with contextlib.suppress(OSError):
            self._relay().cut()
        if message is None:
            self._runner.end(hangs=True)
            self._runner = self._run_cells()

    def _begin(self, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Begun:
        if name in self._down:
            raise self._down[name]
        start = time.monotonic()
        number = self._runner.new_call()
        call = {"do": "call", "id": number, "name": name, "args": args, "kwargs": options}
        try:
            self._runner.tell(call)
            message = self._runner.hear(CONNECT_LIMIT, number) or {"unconnected": "no answer"}
            if message.get("ready"):
                self._left.add(number)
                self._calls.has_called = True
                return Begun(number, name, max(message["took"], time.monotonic() - start), [])
        except RunnerGone:
            self._runner.end()
            self._runner = self._run_cells()
            hint = "The call before this one ended the process that runs the notebook."
            raise Mismatch(hint, mistake="earlier_call_ended_the_process") from None
        if message.get("missing"):
            self._down[name] = self._missing(name)
        elif message.get("empty"):
            self._down[name] = self._stopped(name) or not_written(name)  # a body behind the mistake counts for nothing
        elif message.get("gone"):
            raise Unchecked("The process for this call ended before the call began.")
        elif "unconnected" in message:
            problem = str(message["unconnected"])
            if self._calls.has_called:  # at the beginning of this check Redis was as it should be
                raise refusing(problem)
            raise Unchecked("The client for this call could not be connected to Redis.", actual=problem)
        else:
            hint = "The notebook has changed the process that runs it: it does not say any more when a call begins."
            raise Mismatch(hint, mistake="runner_changed")
        raise self._down[name]

    def _stretch(self, begun: Begun) -> float:
        return min(MOST_PATIENCE, max(1.0, begun.connected_in / AT_REST)) * (0.4 if begun.name in self._hung else 1.0)

    def _finish(self, begun: Begun, limit: float) -> dict[str, Any] | None:
        end = time.monotonic() + limit
        try:
            while "time_out" in (answer := self._runner.hear(end - time.monotonic(), begun.number) or {}):
                begun.time_outs.append(answer["time_out"])
        except RunnerGone:
            self._runner.end()
            self._runner = self._run_cells()
            return {"gone": True}
        if answer:
            self._left.discard(begun.number)
            self._still_there()
        return answer or None

    def _patience_of(self, begun: Begun) -> float | None:
        return min(begun.time_outs, default=None)

    def outline(self, name: str) -> dict[str, Any] | None:
        try:
            self._runner.tell({"do": "outline", "name": name})
            found: dict[str, Any] | None = (self._runner.hear(REST_LIMIT) or {}).get("outline")
        except RunnerGone:
            return None
        return found

    def _stop(self, begun: Begun) -> None:
        self._hung.add(begun.name)
        try:
            self._runner.tell({"do": "kill", "id": begun.number})
        except RunnerGone:
            self._runner = self._run_cells()

    def _still_there(self) -> None:
        """Raises Mismatch if Redis does not answer any more after a call."""
        import redis

        try:
            self._admin.ping()
        except redis.RedisError as error:
            self._admin = self._connect()
            raise refusing(f"redis-cli PING: {error}") from None

    def _missing(self, name: str) -> NotUp:
        """Why there is no function of this name."""
        if stopped := self._stopped(name):
            return stopped
        facts = {"expected": f"def {name}(r, …)", "actual": "no such function"}
        inside = re.compile(rf"^[ \t]+(?:async\s+)?def\s+{re.escape(name)}\b", re.MULTILINE)
        if cell := next((number for number, source in self._cells if inside.search(source)), None):
            hint = f"`{name}` is defined in code cell {cell}, inside something else: its `def` is indented. It must begin at the left edge."
            return NotUp(hint, mistake="function_inside_another", **facts)
        if any(defines(name).search(source) for source in self._texts):
            hint = f"`{name}` stands in a cell of text (Markdown), and that is not run. Select the cell, press Esc and then Y: it is a cell with code again."
            return NotUp(hint, mistake="function_in_a_text_cell", **facts)
        known = {found[1].lower(): found[1] for _, source in self._cells for found in DEF.finditer(source)}
        if near := difflib.get_close_matches(name, known, 1, 0.85):
            hint = f"No cell of the notebook defines `{name}`, but one defines `{known[near[0]]}`. The check calls the function by the name that it was handed out with."
            return NotUp(hint, mistake="function_renamed", **facts)
        hint = f"No cell of the notebook defines `{name}`. Was its cell deleted, or the function renamed? {handin.command('reset', self._lesson)} puts all cells back."
        return NotUp(hint, mistake="function_missing", **facts)

    def _stopped(self, name: str) -> NotUp | None:
        """What to raise if the cell that defines the function has failed; None if it has not."""
        cell = next((number for number, source in self._cells if defines(name).search(source)), None)
        error = self._failures.get(cell) if cell else None
        if error is None:
            return None
        facts = {"asked": f"code cell {cell}", "expected": f"def {name}(r, …)", "actual": shown(error)}
        if error.type == "OutOfTime":
            hint = f"The cell that defines `{name}` (code cell {cell}) never ends. Does it call something that waits or loops forever?"
            return NotUp(hint, mistake="cell_never_ends", **facts)
        hint = f"The cell that defines `{name}` (code cell {cell}) stops before it is done. Run it in the notebook: it shows the same."
        return NotUp(hint, mistake="cell_stops", **facts)

    def _forget(self, client: Any) -> None:
        traces.note_worn(client, self._server)
        super()._forget(client)

    def _relay(self) -> Any:
        return self._server.relay()

    def _client(self) -> Any:
        return self._admin

    def close(self) -> None:
        """Ends the runner."""
        self._runner.end()
        self._admin.close()
