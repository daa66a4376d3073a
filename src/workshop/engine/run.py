"""One run of the grader: its id, its label, its folder, and the promise that nothing of it stays behind.

Everything that a run makes in the engine carries the label `workshop.run=<id>`. The run removes it at its end. Should the process be
killed, a sweeper does (see `sweeper`); should that die too, the next run does.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from workshop.course.places import state_folder
from workshop.engine import engine
from workshop.guests import sweeper
from workshop.outcomes import Unchecked

LABEL = "workshop.run"


class Run:
    """A run, alive from its making to `close`. Also the keeper that is told of each docker process.

    `processes` started with `spawn` and docker commands end with it, also where this process is killed.
    """

    def __init__(self) -> None:
        self._lock_path, self._lock = _taken_lock()
        self.id = self._lock_path.name
        self.label = f"{LABEL}={self.id}"
        self.folder = Path(tempfile.mkdtemp(prefix="workshop-"))
        self._numbers = itertools.count(1)  # threads draw from it side by side
        self._inherited: tuple[int, ...] = ()
        self._processes: set[int] = set()
        self._cut_off: set[int] = set()
        self._is_closing = False
        self._used_engine = False
        self._sweeper = self._start_sweeper()

    def name(self, word: str) -> str:
        """A name for a container, network, volume or image that no other run has."""
        return f"workshop-{self.id}-{word}-{next(self._numbers)}"

    def scratch(self, word: str) -> Path:
        """A new empty folder that goes with the run."""
        return Path(tempfile.mkdtemp(prefix=f"{word}-", dir=self.folder))

    def docker(self, *args: str, **options: Any) -> engine.Done:
        """A docker call in this run's keeping; see `engine.docker`. Raises Unchecked if the run has ended: nobody would tidy up behind it."""
        if self._is_closing:
            raise Unchecked("The run has ended.")
        self._used_engine = True
        return engine.docker(*args, keeper=self, **options)

    def started(self, pid: int) -> None:
        """A process that must not outlive the run has begun."""
        self._processes.add(pid)
        self._tell(f"+{pid}")
        if self._is_closing:  # another thread was about to start it when the run ended
            sweeper.end_processes({pid})

    def ended(self, pid: int, is_cut_off: bool = False) -> None:
        """It has ended; `is_cut_off` where it was ended before it was done: then the engine may still make what it had asked for."""
        self._processes.discard(pid)
        if is_cut_off:
            self._cut_off.add(pid)
        self._tell(f"-{pid}")

    def inherited(self) -> tuple[int, ...]:
        """The file descriptors that each docker command inherits."""
        return self._inherited

    def sweep_forgotten(self) -> None:
        """Removes what earlier runs left whose process and sweeper are gone."""
        for path in self._lock_path.parent.iterdir():
            if path == self._lock_path:
                continue
            try:
                lock = locked(path)
            except OSError:  # another user's
                continue
            if lock is None:
                continue
            if engine.trouble() is None:
                sweeper.sweep(engine.command(), path.name)
                _remove(path, lock)
            lock.close()

    def abandon(self) -> None:
        """Ends what is under way and removes what is there, from another thread. `close` is still to come, and looks again."""
        self._is_closing = True
        sweeper.end_processes(set(self._processes))
        if self._used_engine:
            sweeper.sweep(engine.command(), self.id)

    def close(self, was_interrupted: bool = False) -> None:
        """Ends and removes all that the run made and that is still there.

        Where it was interrupted, in whatever it was doing, the sweeper looks once more: no note of a process is certain then.
        """
        if self._sweeper is None:
            return
        self._is_closing = True
        cut_off = self._processes | self._cut_off if self._used_engine else set()
        sweeper.end_processes(set(self._processes))  # another thread may still be at work
        if self._used_engine:
            sweeper.sweep(engine.command(), self.id)
        shutil.rmtree(self.folder, ignore_errors=True)
        for fd in self._inherited:
            os.close(fd)
        self._inherited = ()
        if cut_off or (was_interrupted and self._used_engine):
            self._leave_to_the_sweeper(cut_off)
        else:
            self._tell("done")
            assert self._sweeper.stdin
            self._sweeper.stdin.close()
            self._sweeper.wait()
            _remove(self._lock_path, self._lock)
        self._sweeper = None
        self._lock.close()

    def _leave_to_the_sweeper(self, cut_off: set[int]) -> None:
        """Has the sweeper look again, beside whatever comes next: the engine may still make the container that an ended command had asked for."""
        assert self._sweeper and self._sweeper.stdin
        for pid in cut_off:  # their numbers may be others' by now
            self._tell(f"-{pid}")
        self._sweeper.stdin.close()
        threading.Thread(target=self._sweeper.wait, daemon=True).start()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close(was_interrupted=kind is not None)

    def _start_sweeper(self) -> subprocess.Popen[bytes] | None:
        docker = shutil.which("docker") or "docker"
        args = [sys.executable, "-IS", sweeper.__file__, docker, self.id, str(self.folder), str(self._lock_path)]
        if os.name != "posix":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS  # type: ignore[attr-defined,unused-ignore]
            return subprocess.Popen(
                args, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, creationflags=flags
            )
        seen, held = os.pipe()
        self._inherited = (held,)
        try:
            return subprocess.Popen(
                [*args, str(seen)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=(seen, self._lock.fileno()),
            )
        finally:
            os.close(seen)

    def _tell(self, word: str) -> None:
        if self._sweeper is None or self._sweeper.stdin is None:
            return
        with contextlib.suppress(OSError):  # the sweeper is gone; `close` and the next run still remove everything
            self._sweeper.stdin.write(f"{word}\n".encode())
            self._sweeper.stdin.flush()


def locked(path: Path) -> IO[bytes] | None:
    """The file, opened and locked until it is closed or its process ends; None if another process has it. Raises OSError if it cannot be opened."""
    file = path.open("ab")
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except (BlockingIOError, PermissionError):  # as flock, and as Windows says that another has it
        file.close()
        return None
    except OSError:
        file.close()
        raise
    return file


def _taken_lock() -> tuple[Path, IO[bytes]]:
    """The path of a new run's lock, named after its id, and the lock.

    Another run that sweeps may take the new file for a forgotten one, in the moment before it is locked, and removes it then: so a name
    is given up whose file another has, or that is no more.
    """
    folder = state_folder() / "runs"
    try:
        folder.mkdir(exist_ok=True)
        while True:
            path = folder / secrets.token_hex(5)
            lock = locked(path)
            if lock is None:
                continue
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                    return path, lock
            lock.close()
    except OSError as error:
        raise Unchecked(
            f"{folder} cannot be written: {error.strerror}. Make it writable, or set WORKSHOP_STATE to a folder that is."
        ) from None


def _remove(path: Path, lock: IO[bytes]) -> None:
    """Removes a lock that we hold. Nobody gets it in between: elsewhere it is held until it is gone, and Windows keeps a file that is open."""
    if os.name != "posix":
        lock.close()
    with contextlib.suppress(PermissionError):
        path.unlink(missing_ok=True)


def is_over(run_id: str) -> bool:
    """Whether the process of a run of this checkout is gone. False too for a run that is not known here."""
    path = state_folder() / "runs" / run_id
    try:
        lock = locked(path) if path.exists() else None
    except OSError:  # another user's
        return False
    if lock is None:
        return False
    lock.close()
    return True


@contextlib.contextmanager
def run() -> Iterator[Run]:
    """A run that ends with the block. Sweeps first what earlier runs left behind."""
    with Run() as made:
        made.sweep_forgotten()
        yield made
