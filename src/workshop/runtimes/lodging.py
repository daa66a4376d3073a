"""Lodgings: where strangers' code runs on a Linux machine that has no engine, is used for one hand-in and thrown away afterwards.

Each process of theirs has a room: a user of its own, who can read the machine's programs and what was handed in, and can write in the room's
folder only. So it cannot read, stop or write to the grader, which is root, nor to another room. The network is not kept from it. That nothing
else on the machine can be read or written by everybody is up to whoever made the machine.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workshop.course.places import ROOT
from workshop.engine import limits
from workshop.engine.run import Run
from workshop.outcomes import Unchecked

GUESTS = Path(__file__).resolve().parents[1] / "guests"
TOOLS = ("setpriv", "prlimit", "choom")
FIRST_USER = 21000  # the user of the first room; each has the next number
ADDRESS_SPACE = 1 << 30  # bytes of each process
OPEN_FILES = 1024
LISTENS = "0A"  # as /proc/net/tcp says it
NOT_ROOT = "Rooms for strangers' code take Linux, root, and the programs setpriv, prlimit and choom (util-linux)."
OPEN_DOOR = "A stranger's process could not be walled off here: {}."
TAKEN_OVER = (
    "What was handed in ended the Redis that it is graded with, so nothing that Redis seemed to answer counts."
)
CAN_READ = "import os, sys; sys.exit(os.access(sys.argv[1], os.R_OK | os.X_OK))"


@dataclass(frozen=True)
class Room:
    """One process' place: its user, and the folder that is its own."""

    user: int
    folder: Path

    def command(self, words: Sequence[str]) -> list[str]:
        """The command that runs `words` as this room's user, with limits, and first to go if the machine runs out of memory."""
        most = {"nproc": limits.PIDS, "as": ADDRESS_SPACE, "nofile": OPEN_FILES, **limits.ULIMITS}
        bounds = [f"--{name}={value}" for name, value in most.items()]
        return [*self._as_user, "prlimit", *bounds, "choom", "-n", "1000", "--", *words]

    @property
    def _as_user(self) -> list[str]:
        user, group = f"--reuid={self.user}", f"--regid={self.user}"
        return ["setpriv", user, group, "--clear-groups", "--no-new-privs", "--inh-caps=-all"]

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its processes: nothing of the grader's."""
        home = str(self.folder)
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin:/usr/bin:/bin"]),
            **{"HOME": home, "TMPDIR": home, "IPYTHONDIR": home, "USER": "student", "LOGNAME": "student"},
            **{"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "2"},
        }

    def file(self, name: str) -> Path:
        """A file that the room's user can write and cannot replace: it lies in a folder that is not theirs."""
        path = self.folder.with_name(f"{self.folder.name}-{name}")
        path.touch(0o600)
        os.chown(path, self.user, self.user)
        return path

    def clear(self) -> None:
        """Ends whatever runs as its user, also what has left its process group."""
        subprocess.run([*self._as_user, "sh", "-c", "kill -9 -1"], stderr=subprocess.DEVNULL, check=False)

    def listens(self, port: int) -> bool:
        """Whether it is this room that listens on a port."""
        return any(user == self.user for user in _listeners(port))


class Lodging:
    """The rooms of one run, and what their guests may read of ours: `shim` and `notebook`, in `guests`."""

    def __init__(self, run: Run) -> None:
        """Raises Unchecked where a process cannot be walled off, or could read the grader."""
        if sys.platform != "linux" or os.geteuid() or not all(shutil.which(tool) for tool in TOOLS):
            raise Unchecked(NOT_ROOT)
        self._run, self._numbers = run, itertools.count(FIRST_USER)
        self.complaint: str | None = None  # why nothing that was seen counts
        run.folder.chmod(0o711)
        self.guests = run.scratch("guests")
        for name in ("shim", "notebook"):
            shutil.copytree(GUESTS / name, self.guests / name, ignore=shutil.ignore_patterns("__pycache__"))
        for path in (self.guests, *self.guests.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        self._try()

    def _try(self) -> None:
        room = self.room("try")
        command = room.command([sys.executable, "-c", CAN_READ, str(ROOT)])
        done = subprocess.run(
            command, env=room.environment, cwd=room.folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = done.stderr.strip().splitlines()
            raise Unchecked(OPEN_DOOR.format(said[-1] if said else f"it can read {ROOT}"))

    def room(self, word: str) -> Room:
        """A room that nobody has lived in."""
        room = Room(next(self._numbers), self._run.scratch(word))
        os.chown(room.folder, room.user, room.user)
        return room


def _listeners(port: int) -> list[int]:
    """The users who listen on a port of this machine."""
    text = Path("/proc/net/tcp").read_text(encoding="ascii") + Path("/proc/net/tcp6").read_text(encoding="ascii")
    rows = [line.split() for line in text.splitlines()]
    return [int(row[7]) for row in rows if row[3] == LISTENS and row[1].endswith(f":{port:04X}")]
