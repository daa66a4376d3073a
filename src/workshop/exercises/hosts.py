"""Containers in which notebooks run one after the other, each as a user of its own."""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import threading
from collections.abc import Callable

from workshop.engine import builds, engine, helpers
from workshop.engine.limits import CONFINED, NO_OUTSIDE_NAMES
from workshop.engine.run import Run
from workshop.exercises.runner import GRACE, Runner, read
from workshop.outcomes import Unchecked
from workshop.patience import Ahead

RIGHTS = ("SETUID", "SETGID", "KILL")  # of a host: it makes another user of a fork, and ends what that has started


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
            threading.Thread(target=read, args=(out, self._said, self._lost), daemon=True),
            threading.Thread(target=read, args=(error, self._told, lambda: None), daemon=True),
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
