"""The process in which a student's notebook runs: started in a container or on this machine, spoken to in JSON lines."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import secrets
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
RIGHTS = (
    "SETUID",
    "SETGID",
    "KILL",
)  # of a host: what it takes to make another user of a fork, and to end what that has started
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
    reader = threading.Thread(target=_read, args=(out, made.said, made.lost), daemon=True)
    reader.start()
    return made


def _read(pipe: IO[bytes], said: Callable[[bytes], object], over: Callable[[], object]) -> None:
    """Hands on each line that comes, and at last that there is no more."""
    while line := pipe.readline(LINE_LIMIT):
        said(line)
    over()


class Host:
    """A container in which runners live one after the other, each as a user of its own; see guests/notebook/host.py.

    It is of use as long as each of them left it clean. One that hangs is ended with the whole container.
    """

    def __init__(self, run: Run, network: Callable[[], str], beside: str | None) -> None:
        """`beside` is the network of another container ("container:NAME"), where it is to live in one; else it is on `network`."""
        self._run, self.beside, self._name = run, beside, run.name("notebook")
        placed = ("--network", beside) if beside else ("--network", network(), *NO_OUTSIDE_NAMES)
        isolated = ("--user", "0", "--read-only", "--tmpfs", "/tmp:mode=1777,size=64m", *placed)
        rights = [word for right in RIGHTS for word in ("--cap-add", right)]
        flags = (*helpers.own(run, self._name), *CONFINED, *rights, "--log-driver", "none", *isolated)
        words = [engine.command(), "run", "--interactive", "--rm", *flags, builds.supply("notebook", run)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, pass_fds=run.inherited())
        run.started(self._process.pid)
        to, out, error = self._process.stdin, self._process.stdout, self._process.stderr
        assert to and out and error
        self._to, self._pipes = to, (out, error)
        self._lock, self._ending = threading.Lock(), threading.Lock()
        self._runner: Runner | None = None  # the one that lives here now
        self._mark, self._has_begun = b"", False  # what comes before its first word, and after its last
        self._over, self._drained = threading.Event(), threading.Event()  # it has ended; its last word has come
        self._is_clean, self._is_gone, self._is_retired = True, False, False
        self._readers = [
            threading.Thread(target=_read, args=(out, self._said, self._lost), daemon=True),
            threading.Thread(target=_read, args=(error, self._told, lambda: None), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def runner(self) -> Runner:
        """The next runner."""
        mark = json.dumps({"mark": secrets.token_hex(16)}).encode()
        with self._lock:
            self._over.clear()
            self._drained.clear()
            self._mark, self._has_begun = mark, False
            self._runner = made = Runner(self._to, self._bury, self.beside)
            if self._is_gone:
                made.lost()
        with contextlib.suppress(OSError, ValueError):  # it has ended: the runner is lost
            self._to.write(b"\n" + mark + b"\n")
            self._to.flush()
        return made

    def is_of_use(self, beside: str | None) -> bool:
        """Whether another runner can live here, in that network. The one before has ended by then, if it was told to."""
        runner = self._runner
        if runner and runner.hangs:
            return False
        if runner:
            runner.wait_until_gone()
        return self.beside == beside and self._over.is_set() and self._is_clean and not self._is_gone

    def retire(self) -> None:
        """No other runner will live here: the container is removed, beside whatever goes on, once the last one has ended."""
        self._is_retired = True
        if self._over.is_set():
            Ahead(self.end)

    def _said(self, line: bytes) -> None:
        with self._lock:
            runner, is_mark = self._runner, line.rstrip(b"\n") == self._mark
            if is_mark and self._has_begun:
                self._drained.set()
            if is_mark or not self._has_begun:
                self._has_begun |= is_mark
                return
        if runner:
            runner.said(line)

    def _told(self, line: bytes) -> None:
        """A word of the host itself, which nothing else in the container can say: the runner has ended."""
        with contextlib.suppress(ValueError, AttributeError):
            self._is_clean &= json.loads(line).get("over") == "clean"
            self._drained.wait(GRACE)  # its last words, which come another way
            self._end_of_runner()

    def _lost(self) -> None:
        self._is_gone = True
        self._drained.set()
        self._end_of_runner()

    def _end_of_runner(self) -> None:
        with self._lock:
            runner = self._runner
            self._over.set()
        if runner:
            runner.lost()

    def _bury(self, hangs: bool) -> None:
        """Ends the runner that lives here; with the container where it does not end by itself."""
        if not hangs and not self._over.is_set():
            with contextlib.suppress(OSError, ValueError):
                self._to.write(b'{"do": "leave"}\n')
                self._to.flush()
            self._over.wait(GRACE)
        if not self._over.is_set() or not self._is_clean or self._is_gone or self._is_retired:
            self.end()

    def end(self) -> None:
        """Removes the container; returns once it is gone."""
        with self._ending:
            if self._process.returncode is not None:
                return
            is_idle = self._over.is_set()
            with contextlib.suppress(OSError):
                self._to.close()
            try:
                self._process.wait(GRACE if is_idle else 0)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(Unchecked):
                    helpers.remove(self._run, self._name)
            self._process.wait()
            for reader in self._readers:
                reader.join(1)
            for pipe in self._pipes:
                pipe.close()
            with contextlib.suppress(ValueError):  # the run has closed in the meantime
                self._run.ended(self._process.pid)


class Hosts:
    """Launches runners in a container: in the one that is there, as long as it is of use, else in a new one."""

    def __init__(self, run: Run, network: Callable[[], str]) -> None:
        self._run, self._network = run, network
        self._host: Host | None = None
        self._lock = threading.Lock()

    def launch(self, beside: str | None) -> Runner:
        """A runner in that network; for None in one that suits every Redis."""
        with self._lock:
            if self._host is None or not self._host.is_of_use(beside):
                if self._host:
                    self._host.retire()
                self._host = Host(self._run, self._network, beside)
            return self._host.runner()

    def close(self) -> None:
        """Removes the container, if no runner lives there; else once it has ended."""
        if self._host:
            self._host.retire()


def lodged(run: Run, lodging: Lodging) -> Runner:
    """A runner in a room of its own, for strangers' notebooks."""
    room = lodging.room("notebook")
    words = room.command([sys.executable, str(lodging.guests / "notebook" / SCRIPT.name)])
    options: dict[str, Any] = {"cwd": room.folder, "env": room.environment, "start_new_session": True}
    return alone(run, words, lambda *_: room.clear(), clear=room.clear, **options)


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

    def remove(runner: Runner, pid: int) -> None:
        if os.name != "posix":
            os.kill(pid, signal.SIGTERM)  # which ends it at once on Windows
            return
        for one in filter(None, (pid, runner.group)):
            with contextlib.suppress(OSError):
                os.killpg(one, signal.SIGKILL)

    # -I would hide the user's packages; PYTHONPATH and the folder are left out by hand
    environment.pop("PYTHONPATH", None)
    words = [sys.executable, str(SCRIPT)]
    return alone(run, words, remove, cwd=run.scratch("notebook"), env=environment, start_new_session=True)


class Runners:
    """Hands out runners. `launch` starts one in the network that it is given ("container:NAME"), or for None in one that suits every Redis.

    With `ahead`, the next one is started while the current one is at work: good for many gradings in a row, not for a single fast one.
    Where Hosts launch them, that is so fast that none is started ahead.
    """

    ahead = False

    def __init__(self, launch: Callable[[str | None], Runner] | Hosts) -> None:
        self._hosts = launch if isinstance(launch, Hosts) else None
        self._launch = launch.launch if isinstance(launch, Hosts) else launch
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
        if self.ahead and not self._hosts:
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
        if self._hosts:
            self._hosts.close()
