"""The first process of the container in which notebooks run: one after the other, each in a fork of it and as a user of its own.

Between two notebooks it waits for a line {"mark": …} on standard input. That line goes back on standard output, so that nothing from before it
can be taken for a word of the next notebook, which begins then; see runner.py for what is said until its end. Once that has come, all its processes
are ended, its files are removed, the mark comes once more, and standard error tells {"over": "clean"}, or {"over": "left"} if something is
still there: then the container is of no more use.

Root, with the rights to become another user and to end another's processes, and with no other: a notebook is a fork that has given up both.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import os
import pathlib
import select
import shutil
import signal

import runner  # type: ignore[import-not-found]  # beside this file

FIRST_USER, USERS = 50_000, 10_000
PLACES = tuple(map(pathlib.Path, ("/tmp", "/dev/shm", "/dev/mqueue")))  # in which any user may write
SHARED = pathlib.Path("/proc/sysvipc")  # a table for each kind of what processes share, with one line more than things
CLEANING_LIMIT = 2  # seconds
LIKELY_VICTIM = "500"  # where memory runs out, the notebook's processes go, not this one


def next_mark() -> bytes | None:
    """The next line with a mark; None once there is no more to read. What was meant for the notebook before is passed over."""
    line = b""
    while piece := os.read(0, 1):
        line += piece
        if piece == b"\n":
            with contextlib.suppress(ValueError, TypeError):
                if "mark" in json.loads(line):
                    return line
            line = b""
    return None


def become(user: int) -> None:
    """Gives up all rights for good."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def reap() -> None:
    """Clears away what has ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def wait_for_end(life: int, woken: int) -> None:
    """Returns once nobody holds the other end of `life`; clears away what ends meanwhile. `woken` can be read when something has."""
    while True:
        ready, _, _ = select.select([life, woken], [], [])
        if woken in ready:
            os.read(woken, 512)
            reap()
        if life in ready and not os.read(life, 512):
            return


def end_all() -> None:
    """Ends every process but this one; each is a child of it by then."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def is_clean() -> bool:
    """Whether nothing is left that a later notebook could come upon."""
    files = any(any(place.iterdir()) for place in PLACES if place.exists())
    return not files and all(len(table.read_text().splitlines()) <= 1 for table in SHARED.iterdir())


def remove_files(user: int) -> None:
    """Removes the user's files, as that user."""
    if os.fork() != 0:
        os.wait()
        return
    with contextlib.suppress(BaseException):
        become(user)
        signal.alarm(CLEANING_LIMIT)
        for place in PLACES:
            for path in place.iterdir():
                shutil.rmtree(path, ignore_errors=True)
                path.unlink(missing_ok=True)
    os._exit(0)


def run(user: int, life: int) -> None:
    """What the fork does: it becomes a runner, which serves until it is told to leave."""
    os.setsid()
    os.umask(0o022)
    pathlib.Path("/proc/self/oom_score_adj").write_text(LIKELY_VICTIM)
    become(user)
    runner.Runner(life=life).serve()


def main() -> None:
    """Runs one notebook after the other, until standard input ends."""
    runner.stand_in()
    gc.collect()
    gc.freeze()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    for number in itertools.count():
        mark = next_mark()
        if mark is None:
            return
        os.write(1, b"\n" + mark)
        user = FIRST_USER + number % USERS
        life, theirs = os.pipe()
        if os.fork() == 0:
            with contextlib.suppress(BaseException):
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for descriptor in (life, woken, wake):
                    os.close(descriptor)
                run(user, theirs)
            os._exit(0)
        os.close(theirs)
        wait_for_end(life, woken)
        os.close(life)
        end_all()
        if not is_clean():
            remove_files(user)
        os.write(1, b"\n" + mark)
        os.write(2, json.dumps({"over": "clean" if is_clean() else "left"}).encode() + b"\n")


if __name__ == "__main__":
    main()
