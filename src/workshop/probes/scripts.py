"""A student's script, run as by hand: which file it is, how it ended, what it printed, what it left at work."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workshop.course import handin
from workshop.engine.engine import Tail
from workshop.engine.run import Run
from workshop.outcomes import Mismatch
from workshop.report import last_lines

LISTED = ("ps", "-A", "-o", "pid=,pgid=,sess=,args=")
# A process that was begun in the background of a shell ignores Ctrl-C, and so would all that it starts.
HEARS_CTRL_C = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])"
)
AGAIN = 1.0  # seconds after which somebody presses Ctrl-C once more
KEPT_SETTINGS = (
    "currentContext",
    "cliPluginsExtraDirs",
)  # of the docker command: which engine, and where its plugins are


@dataclass(frozen=True)
class Ran:
    """What became of a script. `code` is None if it was ended at its time limit; `left` are commands of it that were still at work when it had ended."""

    asked: str
    code: int | None
    out: str
    err: str
    seconds: float
    left: tuple[str, ...] = ()
    is_python: bool = False

    @property
    def last_line(self) -> str:
        """The last line that it printed on standard output."""
        return (self.out.strip().splitlines() or [""])[-1].strip()

    @property
    def said(self) -> str:
        """All that it printed."""
        return f"{self.out}\n{self.err}"

    def __repr__(self) -> str:
        ended = f"exit code {self.code}" if self.code is not None else f"no end within {self.seconds:.0f} s"
        return f"{ended}\n{last_lines(self.said, 6)}".strip()

    def expect(self, well: bool) -> Ran:
        """Raises Mismatch unless it ended by itself, with exit code 0 if `well`, else with another."""
        if self.code is not None and (self.code == 0) is well:
            return self
        words = "exit code 0" if well else "an exit code other than 0"
        error = Mismatch(asked=self.asked, expected=words, actual=repr(self))
        error.facts = {"actual": self} | ({"log": self.err} if self.is_python else {})
        raise error


@dataclass(frozen=True)
class Script:
    """The file that is run: here, and nowhere else, a student's script comes to life."""

    run: Run
    folder: Path
    name: str
    why: str = ""  # why this one, if there is another

    @property
    def is_python(self) -> bool:
        """Whether it is Python, and not of a shell."""
        return self.name.endswith(".py")

    def apart(self) -> Script:
        """The same script in a copy of its folder: what it leaves there is in nobody's way."""
        folder = self.run.scratch("copy") / self.folder.name
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder)

    def begin(self, *words: str) -> Running:
        """Starts it with these arguments, in its folder, with the engine in use and a folder of its own for the settings of docker."""
        shell = shutil.which("bash") or shutil.which("sh") or "sh"
        program = sys.executable if self.is_python else shell
        settings = docker_settings(self.run.scratch("docker"))
        env = {**os.environ, "DOCKER_CONFIG": str(settings), "DOCKER_CLI_HINTS": "false", "PYTHONUNBUFFERED": "1"}
        shown = f"{'python' if self.is_python else Path(shell).name} {self.name} {' '.join(words)}"
        hears = [sys.executable, "-IS", "-c", HEARS_CTRL_C] if os.name == "posix" else []
        return Running(
            self, [*hears, program, self.name, *words], env, shown + (f"   # {self.why}" if self.why else "")
        )


@dataclass
class Running:
    """A script that was started, in a process group of its own."""

    script: Script
    words: Sequence[str]
    env: Mapping[str, str]
    asked: str
    _began: float = field(default_factory=time.monotonic)
    _ran: Ran | None = None

    def __post_init__(self) -> None:
        run = self.script.run
        apart: dict[str, Any] = {"start_new_session": True, "pass_fds": run.inherited()}
        if os.name != "posix":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined,unused-ignore]
        self._process = subprocess.Popen(
            self.words,
            cwd=self.script.folder,
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **apart,
        )
        run.started(self._process.pid)
        assert self._process.stdout and self._process.stderr
        self._out, self._err = Tail(self._process.stdout), Tail(self._process.stderr)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it, if nobody has waited for its end."""
        self.wait(0)

    def has_ended(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def interrupt(self, limit: float) -> Ran:
        """Presses Ctrl-C, and again each second, for `limit` seconds; returns what became of it."""
        end = time.monotonic() + limit
        while not self.has_ended() and time.monotonic() < end:
            with contextlib.suppress(OSError):
                if os.name == "posix":
                    os.killpg(self._process.pid, signal.SIGINT)
                else:
                    self._process.send_signal(signal.CTRL_BREAK_EVENT)  # type: ignore[attr-defined,unused-ignore]
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(AGAIN)
        return self.wait(0)

    def wait(self, limit: float) -> Ran:
        """Waits for its end, at most `limit` seconds; ends what it left at work; returns what became of it."""
        if self._ran:
            return self._ran
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(limit)
        code, seconds = self._process.poll(), time.monotonic() - self._began
        left = tuple(self._at_work().values()) if code is not None else ()
        self._end()
        out, err = self._out.text(), self._err.text()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()
        self._ran = Ran(self.asked, code, out, err, seconds, left, self.script.is_python)
        return self._ran

    def _at_work(self) -> dict[int, str]:
        """The commands of its session that are still at work, by process id; those of its group, where `ps` tells no session."""
        if os.name != "posix":
            return {}
        try:
            listed = subprocess.run(LISTED, capture_output=True, text=True, check=False).stdout
        except OSError:  # there is no ps
            return {}
        rows = [line.split(None, 3) for line in listed.splitlines()]
        mine = [row for row in rows if str(self._process.pid) in row[1:3] and len(row) > 3]
        return {int(row[0]): row[3] for row in mine if "<defunct>" not in row[3]}

    def _end(self) -> None:
        if os.name == "posix":
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            for pid in self._at_work():  # `timeout` has a group of its own
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        else:
            subprocess.run(["taskkill", "/t", "/f", "/pid", str(self._process.pid)], capture_output=True, check=False)
        self._process.wait()
        self.script.run.ended(self._process.pid)


def docker_settings(folder: Path) -> Path:
    """Settings of the docker command in a folder: the same engine as without, and none of the student's passwords."""
    own = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        said = json.loads((own / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        said = {}
    kept = {name: said[name] for name in KEPT_SETTINGS if isinstance(said, dict) and name in said}
    (folder / "config.json").write_text(json.dumps(kept), encoding="utf-8")
    for name in ("contexts", "cli-plugins"):
        if (own / name).is_dir():
            shutil.copytree(own / name, folder / name, symlinks=True)
    return folder


def script_in(run: Run, folder: Path, starter: Mapping[str, Path], lesson: str, stem: str) -> Script:
    """The script of that name in a student's folder: for a shell, or in Python, which is the one for Windows.

    If both are there, one that is still the starter is passed over. Raises NotUp if there is none.
    """
    shell, python = f"{stem}.sh", f"{stem}.py"
    names = [python] if os.name != "posix" else [shell, python]
    there = [name for name in names if (folder / name).is_file()]
    written = [name for name in there if not _is_starter(folder / name, starter.get(name))]
    chosen = (written or there or [names[0]])[0]
    handin.require(folder, chosen, lesson)
    why = ""
    if len(written) > 1:
        why = f"{python} is there too; here {shell} is taken"
    elif len(there) > 1 and written:
        why = f"the other one, {next(name for name in there if name != chosen)}, is still the starter"
    return Script(run, folder, chosen, why)


def _is_starter(path: Path, starter: Path | None) -> bool:
    return starter is not None and path.read_bytes().split() == starter.read_bytes().split()
