"""Removes what a run made in the engine once the run's process is gone, however it went. Standard library only.

Started by `run` as a process of its own: `python -IS sweeper.py DOCKER RUN_ID FOLDER LOCK [FD]`. Standard input is a pipe whose write end only
the run's process has: it ends when that process does. Lines on it are `+PID` and `-PID` for processes that began and ended, and `done`
for an orderly end
that left nothing to look after. The file descriptor FD, where it is named, is a pipe whose write end every docker command of the run inherits:
it ends when the last of them is gone.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
import time

QUIET_ROUNDS = 6  # rounds that must find nothing before the sweep ends
PAUSE = 0.3  # seconds between rounds
LIMIT = 60.0  # seconds in all
KINDS = {  # how what carries a label is listed, and how removed, in this order
    "container": (("ps", "--all", "--quiet", "--no-trunc"), ("rm", "--force", "--volumes")),
    "network": (("network", "ls", "--quiet", "--no-trunc"), ("network", "rm")),
    "volume": (("volume", "ls", "--quiet"), ("volume", "rm", "--force")),
    "image": (("image", "ls", "--all", "--quiet", "--no-trunc"), ("image", "rm", "--force")),
}


def ask(docker: str, *args: str) -> list[str]:
    """Runs one docker command and returns the words that it printed."""
    try:
        done = subprocess.run([docker, *args], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.split()


def sweep(docker: str, run_id: str) -> int:
    """Removes containers (with their anonymous volumes), networks, volumes and images of the run; returns how many there were."""
    label = "label=workshop.run=" + run_id
    count = 0
    for listed, remove in KINDS.values():
        things = sorted(set(ask(docker, *listed, "--filter", label)))
        if things:
            count += len(things)
            ask(docker, *remove, *things)
    return count


def end_processes(pids: set[int]) -> None:
    """Ends docker commands that outlive their run (a build that goes on would still leave its image) and local services with their children."""
    for pid in pids:
        try:
            if os.name != "posix":
                os.kill(pid, signal.SIGTERM)
            elif os.getpgid(pid) == pid:
                os.killpg(pid, signal.SIGKILL)
            else:
                os.kill(pid, signal.SIGKILL)
        except OSError:
            continue


def wait_for_clients(fd: int, limit: float) -> None:
    """Waits until no docker command of the run is left, at most `limit` seconds."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        ready, _, _ = select.select([fd], [], [], 0.2)
        if ready and not os.read(fd, 1):
            return


def main() -> None:
    """Waits for the run's process to end, then sweeps."""
    docker, run_id, folder, lock = sys.argv[1:5]
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    pids: set[int] = set()
    for line in sys.stdin:
        if line.startswith("+"):
            pids.add(int(line[1:]))
        elif line.startswith("-"):
            pids.discard(int(line[1:]))
        elif line.startswith("done"):
            return
    end_processes(pids)
    if len(sys.argv) > 5:
        wait_for_clients(int(sys.argv[5]), 5.0)
    shutil.rmtree(folder, ignore_errors=True)
    quiet, end = 0, time.monotonic() + LIMIT
    while quiet < QUIET_ROUNDS and time.monotonic() < end:
        quiet = 0 if sweep(docker, run_id) else quiet + 1
        time.sleep(PAUSE)
    try:
        os.unlink(lock)
    except OSError:
        return


if __name__ == "__main__":
    main()
