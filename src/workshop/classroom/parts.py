"""The parts of a class engine as the system sees them: its processes, what runs in it, its mounts and control groups; and their ends."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

# Another word in WORKSHOP_CLASS_ENGINE, another engine: several may be up side by side.
NAME = "-".join(["workshop-class", *re.findall("[A-Za-z0-9]+", os.environ.get("WORKSHOP_CLASS_ENGINE", ""))])
RUN = Path("/run") / NAME  # sockets, process ids, logs
DATA = Path(os.environ.get("WORKSHOP_CLASS_DATA") or "/var/lib") / NAME  # images, cache and packages
_started: list[subprocess.Popen[bytes]] = []  # they outlive this process


def start(part: str, command: Iterable[str], env: Mapping[str, str] | None = None) -> None:
    """Starts a part, in a session of its own, and notes its process id."""
    with (RUN / f"{part}.log").open("ab") as log:
        process = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, start_new_session=True
        )
    _started.append(process)
    (RUN / f"{part}.pid").write_text(str(process.pid))


def end(part: str) -> None:
    """Ends a part with all that it started in its session, if the number is still its own."""
    try:
        pid = int((RUN / f"{part}.pid").read_text())
        if f"{RUN}/" not in Path(f"/proc/{pid}/cmdline").read_text():
            return
    except (OSError, ValueError):
        return
    for number, limit in ((signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(OSError):
            os.killpg(pid, number) if number == signal.SIGKILL else os.kill(pid, number)
        end = time.monotonic() + limit
        while time.monotonic() < end:
            for process in _started:  # where it is our own
                process.poll()
            if not _is_alive(pid):
                return
            time.sleep(0.1)


def end_what_runs() -> None:
    """Ends the containers, and what held them: of an engine that was killed, they live on."""
    inside = {int(pid) for folder in cgroups() for path in folder.rglob("cgroup.procs") for pid in _words(path)}
    holding = {
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if f"{RUN}/containerd.sock" in _words(path, "\0") and _words(path.with_name("comm"))[:1] == ["containerd-shim"]
    }
    for pid in holding | inside:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + 5.0
    while any(map(_is_alive, holding | inside)) and time.monotonic() < end:
        time.sleep(0.1)


def _words(path: Path, between: str | None = None) -> list[str]:
    try:
        return path.read_text(errors="replace").split(between)
    except OSError:
        return []


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def mounts() -> list[str]:
    """What is mounted below its folders."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
        found = [line.split()[4] for line in lines]
        return [mount for mount in found if mount.startswith((f"{DATA}/", f"{RUN}/"))]
    return []


def cgroups() -> list[Path]:
    """The control groups of the engine: one, or under version 1 one for each controller."""
    top = Path("/sys/fs/cgroup")
    return [path for path in (top / NAME, *(one / NAME for one in top.iterdir() if one.is_dir())) if path.is_dir()]
