"""Handing out runners for notebooks: in a container, in a stranger's room, or on this machine; and getting the next one ready."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from workshop.course.places import state_folder
from workshop.engine import images
from workshop.engine.run import Run
from workshop.exercises.hosts import Hosts
from workshop.exercises.runner import Runner, alone
from workshop.patience import Ahead
from workshop.runtimes.lodging import Lodging

SCRIPT = images.SUPPLIES / "notebook" / "runner.py"


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
