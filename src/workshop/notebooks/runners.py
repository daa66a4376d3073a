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
import time
from collections.abc import Callable
from typing import IO, Any

from workshop.runtimes import engine, images
from workshop.runtimes.docker import CONFINED, NO_OUTSIDE_NAMES
from workshop.runtimes.problems import Unchecked
from workshop.runtimes.run import Run

SCRIPT = images.SUPPLIES / "notebook" / "runner.py"
START_LIMIT = 30.0  # seconds
LINE_LIMIT = 16 * 1024 * 1024  # bytes of one message


class RunnerGone(Exception):
    """The runner's process ended, or never answered."""


class Runner:
    """One runner process. `remove` is called where it has to be ended by force."""

    def __init__(self, run: Run, words: list[str], remove: Callable[[], object], **options: Any) -> None:
        self._run, self._remove = run, remove
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **options)
        run.started(self._process.pid)
        self._ids = itertools.count(1)
        self._queues: dict[int | None, queue.SimpleQueue[dict[str, Any] | None]] = {None: queue.SimpleQueue()}
        self._lock = threading.Lock()
        assert self._process.stdout
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        self._is_up = False

    def _read(self, pipe: IO[bytes]) -> None:
        while line := pipe.readline(LINE_LIMIT):
            with contextlib.suppress(ValueError, AttributeError):
                message = json.loads(line)
                with self._lock:
                    waiting = self._queues.get(message.get("id"))
                if waiting:
                    waiting.put(message)
        with self._lock:
            for waiting in self._queues.values():
                waiting.put(None)

    def tell(self, message: dict[str, Any]) -> None:
        """Sends a message. Raises RunnerGone where nobody takes it."""
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
        """Returns once it serves. Raises Unchecked where it does not."""
        if self._is_up:
            return
        with contextlib.suppress(RunnerGone):
            if self.hear(START_LIMIT):
                self._is_up = True
                return
        raise Unchecked("The process that runs the notebook did not start. `./workshop doctor` tells more.")

    def new_call(self) -> int:
        """The number of a new call, whose messages are kept apart from now on."""
        number = next(self._ids)
        with self._lock:
            self._queues[number] = queue.SimpleQueue()
            if not self._reader.is_alive():
                self._queues[number].put(None)
        return number

    def end(self) -> None:
        """Ends it. One that hangs is ended by force, in the background."""
        if self._process.poll() is None:
            with contextlib.suppress(OSError):
                assert self._process.stdin
                self._process.stdin.close()
            self._remove()
        threading.Thread(target=self._bury, daemon=True).start()

    def _bury(self) -> None:
        self._process.wait()
        self._reader.join(1)
        assert self._process.stdout and self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.stdout.close()
        with contextlib.suppress(ValueError):  # the run has closed in the meantime
            self._run.ended(self._process.pid)


def local(run: Run) -> Runner:
    """A runner as a process on this machine; it isolates nothing."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "JPY_"))}
    environment |= {"IPYTHONDIR": str(run.scratch("ipython")), "PYTHONDONTWRITEBYTECODE": "1"}
    runner: list[Runner] = []

    def remove() -> None:
        process = runner[0]._process
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL) if os.name == "posix" else process.kill()

    # -I would hide the user's packages; PYTHONPATH and the folder are left out by hand
    environment.pop("PYTHONPATH", None)
    runner.append(Runner(run, [sys.executable, str(SCRIPT)], remove, cwd=run.scratch("notebook"), env=environment, start_new_session=True))
    return runner[0]


def contained(run: Run, network: str) -> Runner:
    """A runner in a container with limits, on `network`."""
    name = run.name("notebook")
    isolated = ("--user", "65534", "--read-only", "--tmpfs", "/tmp:mode=1777,size=64m", "--network", network, *NO_OUTSIDE_NAMES)
    words = ["run", "--interactive", "--rm", "--pull", "never", "--name", name, "--label", run.label, *CONFINED, "--log-driver", "none", *isolated]
    image = images.supply("notebook", run)

    def remove() -> None:
        def by_force() -> None:
            time.sleep(1)
            if made._process.poll() is None:
                run.docker("rm", "--force", "--volumes", name)

        threading.Thread(target=by_force, daemon=True).start()

    made = Runner(run, [engine.command(), *words, image], remove, pass_fds=run.inherited())
    return made


class Runners:
    """Hands out runners. Once `warm` was called, the next one is started while the current one is at work."""

    def __init__(self, launch: Callable[[], Runner]) -> None:
        self._launch = launch
        self._spare: Runner | None = None
        self._keep = False
        self._lock = threading.Lock()

    def take(self) -> Runner:
        """A runner that has run nothing yet."""
        with self._lock:
            found, self._spare = self._spare, None
        found = found or self._launch()
        if self._keep:
            self.prepare()
        found.wait_until_up()
        return found

    def warm(self) -> None:
        """Starts the next runner ahead, now and after each `take`."""
        self._keep = True
        self.prepare()

    def prepare(self) -> None:
        """Starts the next runner without waiting for it."""
        with self._lock:
            if self._spare is None:
                self._spare = self._launch()

    def close(self) -> None:
        """Ends the one that waits."""
        self._keep = False
        with self._lock:
            if self._spare:
                self._spare.end()
            self._spare = None
