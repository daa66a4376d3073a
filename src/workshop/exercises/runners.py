"""The process in which a student's notebook runs: started in a container or on this machine, spoken to in JSON lines."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, Any

from workshop.course.places import state_folder
from workshop.engine import builds, engine, helpers, images
from workshop.engine.limits import CONFINED, NO_OUTSIDE_NAMES
from workshop.engine.run import Run
from workshop.outcomes import Unchecked
from workshop.patience import Ahead
from workshop.runtimes.lodging import Lodging

SCRIPT = images.SUPPLIES / "notebook" / "runner.py"
START_LIMIT = 30.0  # seconds
GRACE = 1.0  # seconds in which a runner ends by itself, and what it started with it
GONE_LIMIT = 15.0  # seconds in which one that is ended by force is gone
LINE_LIMIT = 16 * 1024 * 1024  # bytes of one message


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


class RunnerGone(Exception):
    """The runner's process ended, or never answered."""


def understood(line: bytes) -> dict[str, Any] | None:
    """A message of the runner; None for any other line: a notebook can write on the runner's descriptors."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    if not isinstance(message, dict):
        return None
    is_of_call = isinstance(message.get("id"), int)
    kinds = OF_A_CALL if is_of_call else OF_NO_CALL
    kind = next((name for name in kinds if name in message), None)
    if kind is None or not isinstance(message[kind], kinds[kind]) or ("id" in message) != is_of_call:
        return None
    if kind == "ready" and not isinstance(message.get("took"), int | float):
        return None
    errors = message["ran"] if kind == "ran" else [message["error"]] if kind == "error" else []
    texts = ("type", "message")
    if not all(isinstance(one, dict) and all(isinstance(one.get(text), str) for text in texts) for one in errors):
        return None
    return message if kind != "ran" or all(isinstance(one.get("cell"), int) for one in errors) else None


class Runner:
    """One runner process. `remove` ends it by force where it has not ended in GRACE seconds.

    `beside` is the network of another container ("container:NAME"), where it lives in one.
    """

    def __init__(
        self,
        run: Run,
        words: list[str],
        remove: Callable[[], object],
        beside: str | None = None,
        clear: Callable[[], object] = lambda: None,
        **options: Any,
    ) -> None:
        """`clear` ends what is left once it has ended."""
        self._run, self._remove, self.beside, self._clear = run, remove, beside, clear
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **options
        )
        run.started(self._process.pid)
        self._ids = itertools.count(1)
        self._queues: dict[int | None, queue.SimpleQueue[dict[str, Any] | None]] = {None: queue.SimpleQueue()}
        self._lock = threading.Lock()
        assert self._process.stdout
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        self._is_up = False
        self.group: int | None = (
            None  # the process group in which it runs the cells, where that is another than its own
        )
        self._burial: Ahead[None] | None = None

    def _read(self, pipe: IO[bytes]) -> None:
        while line := pipe.readline(LINE_LIMIT):
            if message := understood(line):
                with self._lock:
                    waiting = self._queues.get(message.get("id"))
                if waiting:
                    waiting.put(message)
        with self._lock:
            for waiting in self._queues.values():
                waiting.put(None)

    def tell(self, message: dict[str, Any]) -> None:
        """Sends a message. Raises RunnerGone if nobody takes it."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
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
            if not self._reader.is_alive():
                self._queues[number].put(None)
        return number

    def end(self, hangs: bool = False) -> None:
        """Ends it in the background; by force where it does not end by itself, or `hangs`. See `wait_until_gone`."""
        if self._burial is None:
            self._burial = Ahead(lambda: self._bury(hangs))

    def wait_until_gone(self) -> None:
        """Returns once one that was told to end is gone, with all that the notebook started. Raises Unchecked if it stays."""
        if self._burial and not self._burial.wait(GRACE + GONE_LIMIT):
            raise Unchecked("The process that ran the notebook before this one could not be ended.")

    def _bury(self, hangs: bool) -> None:
        assert self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(0 if hangs else GRACE)
        except subprocess.TimeoutExpired:
            self._remove()
        self._process.wait()
        self._clear()
        self._reader.join(1)
        assert self._process.stdout
        self._process.stdout.close()
        with contextlib.suppress(ValueError):  # the run has closed in the meantime
            self._run.ended(self._process.pid)


def lodged(run: Run, lodging: Lodging) -> Runner:
    """A runner in a room of its own, for strangers' notebooks."""
    room = lodging.room("notebook")
    words = room.command([sys.executable, str(lodging.guests / "notebook" / SCRIPT.name)])
    options: dict[str, Any] = {"cwd": room.folder, "env": room.environment, "start_new_session": True}
    return Runner(run, words, room.clear, clear=room.clear, **options)


def local(run: Run) -> Runner:
    """A runner as a process on this machine; it isolates nothing."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "JPY_"))}
    environment |= {
        "IPYTHONDIR": str(run.scratch("ipython")),
        "PYTHONPYCACHEPREFIX": str(state_folder().resolve() / "bytecode"),
    }
    environment.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # redis-py takes three times as long to load where it is compiled anew
    runner: list[Runner] = []

    def remove() -> None:
        process, group = runner[0]._process, runner[0].group
        if os.name != "posix":
            process.kill()
            return
        for one in filter(None, (process.pid, group)):
            with contextlib.suppress(OSError):
                os.killpg(one, signal.SIGKILL)

    # -I would hide the user's packages; PYTHONPATH and the folder are left out by hand
    environment.pop("PYTHONPATH", None)
    runner.append(
        Runner(
            run,
            [sys.executable, str(SCRIPT)],
            remove,
            cwd=run.scratch("notebook"),
            env=environment,
            start_new_session=True,
        )
    )
    return runner[0]


def contained(run: Run, network: Callable[[], str], beside: str | None) -> Runner:
    """A runner in a container with limits: in the network of another container where `beside` names one ("container:NAME"), else on `network`."""
    name = run.name("notebook")
    placed = ("--network", beside) if beside else ("--network", network(), *NO_OUTSIDE_NAMES)
    isolated = ("--user", "65534", "--read-only", "--tmpfs", "/tmp:mode=1777,size=64m", *placed)
    flags = (*helpers.own(run, name), *CONFINED, "--log-driver", "none", *isolated)
    image = builds.supply("notebook", run)

    def remove() -> None:
        with contextlib.suppress(Unchecked):
            helpers.remove(run, name)

    return Runner(
        run,
        [engine.command(), "run", "--interactive", "--rm", *flags, image],
        remove,
        beside,
        pass_fds=run.inherited(),
    )


class Runners:
    """Hands out runners. `launch` starts one in the network that it is given ("container:NAME"), or for None in one that suits every Redis.

    With `ahead`, the next one is started while the current one is at work: good for many gradings in a row, not for a single fast one.
    """

    ahead = False

    def __init__(self, launch: Callable[[str | None], Runner]) -> None:
        self._launch = launch
        self._spare: Ahead[Runner] | None = None
        self._last: Runner | None = None
        self._beside: str | None = None
        self._lock = threading.Lock()

    def take(self, beside: str | None = None) -> Runner:
        """A runner that has run nothing yet, in the network `beside`. The one before it is gone by then, if it was told to end."""
        with self._lock:
            spare, self._spare, self._beside = self._spare, None, beside
        runner = spare.get() if spare else None
        if runner and runner.beside not in (None, beside):
            runner.end(hangs=True)
            runner = None
        runner = runner or self._launch(beside)
        if self.ahead:
            self.prepare(beside)
        if self._last:
            self._last.wait_until_gone()
        runner.wait_until_up()
        self._last = runner
        return runner

    def prepare(self, beside: str | None = None) -> None:
        """Starts the next runner without waiting for it, in the network `beside`, or that of the last one."""
        with self._lock:
            if self._spare is None:
                place = beside or self._beside
                self._spare = Ahead(lambda: self._launch(place), tidy=Runner.end)

    def close(self) -> None:
        """Ends the one that waits."""
        self.ahead = False
        with self._lock:
            spare, self._spare = self._spare, None
        if spare:
            spare.drop()
