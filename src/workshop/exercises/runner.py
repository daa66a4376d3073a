"""A runner: the process in which a student's notebook runs, as this side of its pipes sees it. It is spoken to in JSON lines."""

from __future__ import annotations

import contextlib
import itertools
import json
import queue
import subprocess
import threading
from collections.abc import Callable
from typing import IO, Any

from workshop.engine.run import Run
from workshop.outcomes import Unchecked
from workshop.patience import Ahead

START_LIMIT = 30.0  # seconds
GRACE = 1.0  # seconds in which a runner ends by itself, and what it started with it
GONE_LIMIT = 15.0  # seconds in which one that is ended by force is gone
LINE_LIMIT = 16 * 1024 * 1024  # bytes of one message
DEEPEST = 200  # lists and dicts in each other; `calling.plain` hands out 40, in tags of its own
LONGEST = 1e6  # seconds


# What the runner's messages have, each with its type: about a call, and about no call.
OF_A_CALL: dict[str, type | tuple[type, ...]] = {
    "ready": bool,
    "missing": bool,
    "empty": bool,
    "unconnected": (str, type(None)),
    "time_out": (int, float),
    "value": object,
    "error": dict,
    "gone": bool,
}
OF_NO_CALL: dict[str, type | tuple[type, ...]] = {
    "up": bool,
    "cell": int,
    "ran": list,
    "outline": (dict, type(None)),
    "rests": bool,
}
OF_AN_ERROR: dict[str, tuple[type, ...]] = {
    "type": (str,),
    "message": (str,),
    "place": (int, type(None)),
    "line": (int, type(None)),
    "source": (str, type(None)),
}
SECONDS = {"ready": "took", "time_out": "time_out"}


class RunnerGone(Exception):
    """The runner's process ended, or never answered."""


def understood(line: bytes) -> dict[str, Any] | None:
    """A message of the runner; None for any other line: a notebook can write on the runner's descriptors."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    is_of_call = isinstance(message.get("id"), int)
    kinds = OF_A_CALL if is_of_call else OF_NO_CALL
    kind = next((name for name in kinds if name in message), None)
    if kind is None or not isinstance(message[kind], kinds[kind]) or ("id" in message) != is_of_call:
        return None
    if kind in SECONDS and not is_time(message.get(SECONDS[kind])):
        return None
    if kind == "value" and not is_plain(message["value"]):
        return None
    errors = message["ran"] if kind == "ran" else [message["error"]] if kind == "error" else []
    if not all(map(is_error, errors)):
        return None
    return message if kind != "ran" or all(isinstance(one.get("cell"), int) for one in errors) else None


def is_time(value: Any) -> bool:
    """Whether a value is a number of seconds with which one can compute."""
    return isinstance(value, int | float) and 0 <= value <= LONGEST


def is_plain(value: Any, depth: int = 0) -> bool:
    """Whether a value is what `calling.plain` makes: lists, and dicts that are tags of a set or a dict."""
    if depth > DEEPEST:
        return False
    if isinstance(value, dict):
        (tag, parts), *others = value.items() or [(None, None)]
        if others or tag not in ("set", "dict") or not isinstance(parts, list):
            return False
        if tag == "dict" and not all(isinstance(pair, list) and len(pair) == 2 for pair in parts):
            return False
        return is_plain(parts, depth + 1)
    return not isinstance(value, list) or all(is_plain(one, depth + 1) for one in value)


def is_error(told: Any) -> bool:
    """Whether this is an exception as `Notebook.told` tells it."""
    return isinstance(told, dict) and all(isinstance(told.get(name), kinds) for name, kinds in OF_AN_ERROR.items())


class Runner:
    """One notebook's runner, until it is told to end. `beside` is the network of another container ("container:NAME"), where it lives in one.

    `bury` ends what runs it, and returns once that is gone: by force where it `hangs`, or does not end in GRACE seconds.
    """

    def __init__(self, pipe: IO[bytes], bury: Callable[[bool], object], beside: str | None = None) -> None:
        self._pipe, self._bury, self.beside = pipe, bury, beside
        self._ids = itertools.count(1)
        self._queues: dict[int | None, queue.SimpleQueue[dict[str, Any] | None]] = {None: queue.SimpleQueue()}
        self._lock = threading.Lock()
        self._is_up = self._is_lost = False
        self.group: int | None = (
            None  # the process group in which it runs the cells, where that is another than its own
        )
        self.hangs = False  # it was ended by force
        self._burial: Ahead[None] | None = None

    def said(self, line: bytes) -> None:
        """A line that came from it."""
        if message := understood(line):
            with self._lock:
                waiting = self._queues.get(message.get("id"))
            if waiting:
                waiting.put(message)

    def lost(self) -> None:
        """Nothing will come from it any more."""
        with self._lock:
            self._is_lost = True
            for waiting in self._queues.values():
                waiting.put(None)

    def tell(self, message: dict[str, Any]) -> None:
        """Sends a message. Raises RunnerGone if nobody takes it."""
        if self._is_lost:
            raise RunnerGone
        try:
            self._pipe.write(json.dumps(message).encode() + b"\n")
            self._pipe.flush()
        except (OSError, ValueError):
            raise RunnerGone from None

    def hear(self, limit: float, number: int | None = None) -> dict[str, Any] | None:
        """The next message about call `number` (or about no call), or None after `limit` seconds. Raises RunnerGone."""
        try:
            message = self._queues[number].get(timeout=max(0.0, limit))
        except queue.Empty:
            return None
        if message is None:
            self._queues[number].put(None)
            raise RunnerGone
        return message

    def wait_until_up(self) -> None:
        """Returns once it serves. Raises Unchecked if it does not."""
        if self._is_up:
            return
        with contextlib.suppress(RunnerGone):
            if message := self.hear(START_LIMIT):
                self._is_up, self.group = True, message.get("group")
                return
        raise Unchecked("The process that runs the notebook did not start. `./workshop doctor` says more.")

    def new_call(self) -> int:
        """The number of a new call, whose messages are kept apart from now on."""
        number = next(self._ids)
        with self._lock:
            self._queues[number] = queue.SimpleQueue()
            if self._is_lost:
                self._queues[number].put(None)
        return number

    def end(self, hangs: bool = False) -> None:
        """Ends it in the background; by force where it does not end by itself, or `hangs`. See `wait_until_gone`."""
        if self._burial is None:
            self.hangs = hangs
            self._burial = Ahead(self._end_now)

    def _end_now(self) -> None:
        self._bury(self.hangs)

    def wait_until_gone(self) -> None:
        """Returns once one that was told to end is gone, with all that the notebook started. Raises Unchecked if it stays."""
        if self._burial and not self._burial.wait(GRACE + GONE_LIMIT):
            raise Unchecked("The process that ran the notebook before this one could not be ended.")


def alone(
    run: Run,
    words: list[str],
    remove: Callable[[Runner, int], object],
    clear: Callable[[], object] = lambda: None,
    **options: Any,
) -> Runner:
    """A runner that is a process of its own. `remove` is given it and its process's number to end it by force; `clear` ends what is left of it."""
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **options
    )
    run.started(process.pid)
    to, out = process.stdin, process.stdout
    assert to and out

    def bury(hangs: bool) -> None:
        with contextlib.suppress(OSError):
            to.close()
        try:
            process.wait(0 if hangs else GRACE)
        except subprocess.TimeoutExpired:
            remove(made, process.pid)
        process.wait()
        clear()
        reader.join(1)
        out.close()
        with contextlib.suppress(ValueError):  # the run has closed in the meantime
            run.ended(process.pid)

    made = Runner(to, bury)
    reader = threading.Thread(target=read, args=(out, made.said, made.lost), daemon=True)
    reader.start()
    return made


def read(pipe: IO[bytes], said: Callable[[bytes], object], over: Callable[[], object]) -> None:
    """Hands on each line that comes, and at last that there is no more."""
    while line := pipe.readline(LINE_LIMIT):
        said(line)
    over()
