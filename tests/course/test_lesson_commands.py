"""Every command that a lesson shows, run as it stands there: by bash, from the workshop's folder, which holds a student's finished work.

The text says where to stand: a lesson whose commands need its folder goes there with `cd` first.

A ```sh fence is run to its end, and the ```text fence right after it is what it prints; `…` stands for anything. A
```sh background fence is a second terminal: it runs beside the later ones and is stopped with Ctrl-C at the end. A fence
is wrong where it prints something else than the lesson shows; where the lesson shows nothing, where a command fails.
Where a service may not be ready yet, the fence is tried again for some seconds: right after a background fence, and where
it does nothing but ask, with curl or Redis' PING. What a lesson leaves behind is a failure, and is removed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from missing import cannot

from workshop.course import lessons
from workshop.course.lessons import Lesson, lay
from workshop.engine import engine

LESSON_LIMIT = 240.0  # seconds in all; most lessons take less than 20, a build on a busy machine takes a minute
READY_LIMIT = 15.0  # seconds in which a service that was started must be ready
FENCE = re.compile(r"^```(\S*)[ \t]*(.*?)\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
PROJECT = re.compile(r"(?:--project-name|-p)[ =](\S+)")
LABEL, PROJECT_LABEL = "workshop.text", "com.docker.compose.project"

# Runs each file whose name comes in, and says the exit code of the last command in it that failed, or 0.
TERMINAL = """
trap 'code=$?' ERR
while read -r fence; do code=0; . "$fence" </dev/null >"$fence.out" 2>&1; echo $code; done
"""

# Stands before the docker command and labels what a lesson makes, so that it can be told from what others make.
SHIM = """#!/bin/sh
case "$1 $2" in
"container run" | "container create" | "network create" | "volume create" | "image build" | "buildx build" | "builder build")
    group=$1 verb=$2; shift 2; exec {docker} "$group" "$verb" --label {label} "$@" ;;
"run "* | "create "* | "build "*)
    verb=$1; shift; exec {docker} "$verb" --label {label} "$@" ;;
esac
exec {docker} "$@"
"""


@dataclass
class Fence:
    """Commands of a lesson, and what they print where the lesson shows it."""

    commands: str
    line: int
    background: bool
    prints: str | None = None

    @property
    def only_asks(self) -> bool:
        """Whether it does nothing but ask, with curl, Redis' PING or CLUSTER INFO, or `docker ps`, which may lag a moment behind `docker stop`."""
        lines = self.commands.replace("\\\n", " ").strip().splitlines()
        return all(
            re.match(r"curl\b|docker ps\b|.*\bredis-cli (?:ping$|cluster info\b)", line, re.IGNORECASE)
            for line in lines
        )

    def uses(self, command: str) -> bool:
        """Whether it calls a command of this name."""
        return (
            re.search(rf"(?:^|[;&|(]|\b(?:until|while|if|do|then|time)\b)\s*{command}\b", self.commands, re.MULTILINE)
            is not None
        )

    def fault(self, code: int, printed: str) -> str | None:
        """What went otherwise than the lesson says."""
        if self.prints is None:
            return f"a command failed with exit code {code}" if code else None
        return None if fits(self.prints, printed) else "printed something else"


def fences(text: str) -> list[Fence]:
    """The command fences of a lesson's text, in order."""
    found: list[Fence] = []
    end = -1  # where the last command fence ended, while nothing has followed it
    for match in FENCE.finditer(text):
        language, about, body = match.groups()
        if language == "text" and end >= 0 and not text[end : match.start()].strip():
            found[-1].prints = body
        if language == "sh":
            found.append(Fence(body, text[: match.start()].count("\n") + 1, about == "background"))
        end = match.end() if language == "sh" else -1
    return found


def tidy(text: str) -> list[str]:
    """The lines of a text without colours, blanks at their ends, and empty lines around."""
    return [line.rstrip() for line in COLOURS.sub("", text).strip().splitlines()]


def fits(expected: str, printed: str) -> bool:
    """Whether a text is the expected one, in which `…` stands for anything; alone in a line, for any lines or none."""
    anything = r"[\s\S]*"
    lines = [
        rf"(?:{anything}\n)?" if line == "…" else anything.join(map(re.escape, line.split("…"))) + r"\n"
        for line in tidy(expected)
    ]
    return re.fullmatch("".join(lines), "\n".join([*tidy(printed), ""])) is not None


class Terminal:
    """A terminal in a folder: a bash of its own process group, whose variables and place last from fence to fence."""

    def __init__(self, folder: Path, env: dict[str, str], scratch: Path) -> None:
        self._scratch, self._count, self._codes = scratch, 0, b""
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-c", TERMINAL],
            cwd=folder,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._file = scratch

    def begin(self, commands: str) -> None:
        """Starts commands and does not wait for their end."""
        self._count += 1
        self._file = self._scratch / f"fence-{self.process.pid}-{self._count}"
        self._file.write_text(commands, encoding="utf-8")
        assert self.process.stdin
        self.process.stdin.write(f"{self._file}\n".encode())
        self.process.stdin.flush()

    def run(self, commands: str, end: float) -> tuple[int, str]:
        """Runs commands to their end; answers the exit code of the last that failed, or 0, and all that they printed."""
        self.begin(commands)
        assert self.process.stdout
        while b"\n" not in self._codes:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, end - time.monotonic()))
            chunk = os.read(self.process.stdout.fileno(), 100) if ready else b""
            if not chunk:
                pytest.fail(
                    f"{'ended the terminal' if ready else 'is still at work'}:\n{commands}\nprinted so far:\n{self.printed()}"
                )
            self._codes += chunk
        code, _, self._codes = self._codes.partition(b"\n")
        return int(code), self.printed()

    def printed(self) -> str:
        """What the last commands have printed by now, without the shell's word on a job that was killed: it comes whenever the shell looks."""
        text = Path(f"{self._file}.out").read_text(encoding="utf-8", errors="replace")
        return re.sub(rf"^{re.escape(str(self._file))}: line \d+: +\d+ Killed .*\n", "", text, flags=re.MULTILINE)

    def close(self, interrupt: bool) -> bool:
        """Ends the terminal, after Ctrl-C where asked; whether everything in it ended by that."""
        group = self.process.pid
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        if interrupt:
            os.killpg(group, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        end, ended = time.monotonic() + 10, False
        while not ended and time.monotonic() < end:
            time.sleep(0.05)
            try:
                os.killpg(group, 0)
            except ProcessLookupError:
                ended = True
        if not ended:
            os.killpg(group, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        return ended


class Traces:
    """What a lesson makes in the engine, told from all else there by a label, its Compose projects, and whose volumes are mounted."""

    def __init__(self, scratch: Path, projects: set[str]) -> None:
        self.label = f"{LABEL}={secrets.token_hex(5)}"
        self.filters = [f"label={self.label}", *(f"label={PROJECT_LABEL}={name}" for name in sorted(projects))]
        self._log = scratch / "events"
        filters = [
            word
            for name in ("type=container", "type=volume", "event=create", "event=mount")
            for word in ("--filter", name)
        ]
        command = [engine.command(), "events", "--since", str(int(time.time())), "--format", "{{json .}}", *filters]
        with self._log.open("wb") as log:
            self._events = subprocess.Popen(command, stdout=log, stderr=log)

    def _anonymous(self) -> list[str]:
        """Volumes that the lesson's containers had mounted and that are still there."""
        events = [
            json.loads(line) for line in self._log.read_text(encoding="utf-8").splitlines() if line.startswith("{")
        ]
        mine = set()
        for event in events:
            labels = event["Actor"]["Attributes"]
            if any(f"label={name}={labels.get(name)}" in self.filters for name in (LABEL, PROJECT_LABEL)):
                mine.add(event["Actor"]["ID"])
        mounted = {event["Actor"]["ID"] for event in events if event["Actor"]["Attributes"].get("container") in mine}
        return [
            name
            for name in mounted
            if re.fullmatch("[0-9a-f]{64}", name) and engine.docker("volume", "inspect", name).ok
        ]

    def there(self) -> list[tuple[str, str]]:
        """The (kind, name) of each thing that is in the engine now."""
        kinds = {
            "container": ("ps", "--all", "{{.Names}}"),
            "network": ("network", "ls", "{{.Name}}"),
            "volume": ("volume", "ls", "{{.Name}}"),
        }
        kinds["image"] = ("image", "ls", "{{.ID}}")
        found = set()
        for kind, (*words, shown) in kinds.items():
            for one in self.filters:
                listed = engine.must(engine.docker(*words, "--filter", one, "--format", shown)).out.split()
                found |= {(kind, name) for name in listed}
        return sorted(found | {("volume", name) for name in self._anonymous()})

    def stop(self) -> None:
        """Ends the watch."""
        time.sleep(0.2)  # the last events are on their way
        self._events.terminate()
        self._events.wait()

    def close(self) -> list[str]:
        """Ends the watch, removes what is there, and answers its names."""
        self.stop()
        left = self.there()
        for kind, name in left:
            force = () if kind == "network" else ("--force",)
            engine.docker(kind, "rm", *force, *(("--volumes",) if kind == "container" else ()), name)
        return [f"{kind} {name}" for kind, name in left]


def environment(scratch: Path, label: str | None) -> dict[str, str]:
    """The variables of a student's terminal, in which the workshop's Python is in use."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLASK_", "COMPOSE_", "PYTEST_", "REDIS_"))
    }
    bin_folder = scratch / "bin"
    bin_folder.mkdir()
    if label:
        shim = bin_folder / "docker"
        shim.write_text(SHIM.format(docker=engine.command(), label=label), encoding="utf-8")
        shim.chmod(0o755)
    (scratch / ".curlrc").write_text("no-progress-meter\n", encoding="utf-8")  # as on a terminal
    paths = os.pathsep.join([str(bin_folder), str(Path(sys.executable).parent), env.get("PATH", os.defpath)])
    return env | {"PATH": paths, "CURL_HOME": str(scratch), "PYTHONUNBUFFERED": "1"}


@contextlib.contextmanager
def traces_of(found: list[Fence], folder: Path, scratch: Path) -> Iterator[Traces | None]:
    """The engine watched while a lesson's commands run; None where they do not need it."""
    if not any(fence.uses("docker") for fence in found):
        yield None
        return
    if trouble := engine.trouble():
        cannot(f"Its commands need a Docker Engine. {trouble.hint}")
    projects = {name for fence in found for name in PROJECT.findall(fence.commands) if fence.uses("docker compose")}
    traces = Traces(scratch, projects | {folder.name})
    before = traces.there()
    if before:
        traces.stop()
        pytest.fail(
            f"A stack of this lesson is there already: {before}. Is it your own? `docker compose down` it first."
        )
    left: list[str] = []
    try:
        yield traces
    finally:
        left = traces.close()
    assert not left, f"The lesson's commands leave behind: {', '.join(left)}"


@pytest.mark.parametrize("lesson", [pytest.param(lesson, id=lesson.name) for lesson in lessons.catalogue()])
def test_every_command_of_the_lesson_does_what_it_says(lesson: Lesson, tmp_path: Path) -> None:
    assert lesson.readme.exists(), f"{lesson.name} has no README.md"
    found = fences(lesson.readme.read_text(encoding="utf-8"))
    for tool in ("bash", *(tool for tool in ("curl",) if any(fence.uses(tool) for fence in found))):
        if found and not shutil.which(tool):
            cannot(f"There is no {tool} on this machine.")
    folder = tmp_path / "work" / lesson.name
    lay(lesson.starter() | lesson.finished(), folder)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    with traces_of(found, folder, tmp_path) as traces:
        env = environment(tmp_path, traces.label if traces else None)
        run_all(found, lesson, env, tmp_path)


@pytest.mark.parametrize(
    "lesson", [pytest.param(lesson, id=lesson.name) for lesson in lessons.catalogue() if not lesson.notebook]
)
def test_the_lesson_says_where_to_stand(lesson: Lesson) -> None:
    first = fences(lesson.readme.read_text(encoding="utf-8"))[0]
    assert first.commands.splitlines()[0] == f"cd work/{lesson.name}"


def run_all(found: list[Fence], lesson: Lesson, env: dict[str, str], scratch: Path) -> None:
    """Runs the fences of a lesson in order, from the folder `scratch`, and ends what is still running.

    A background fence begins where the first terminal stands by then.
    """
    end = time.monotonic() + LESSON_LIMIT
    first, others = Terminal(scratch, env, scratch), list[Terminal]()
    stubborn: list[str] = []
    try:
        starting = False
        for fence in found:
            if fence.background:
                place = Path(first.run("pwd", end)[1].strip())
                others.append(Terminal(place, env, scratch))
                others[-1].begin(fence.commands)
                starting = True
                continue
            code, printed = first.run(fence.commands, end)
            again = time.monotonic() + READY_LIMIT
            while fence.fault(code, printed) and (starting or fence.only_asks) and time.monotonic() < again:
                time.sleep(0.2)
                code, printed = first.run(fence.commands, end)
            starting = False
            if fault := fence.fault(code, printed):
                aside = "".join(f"\nthe terminal beside it:\n{other.printed()}" for other in others)
                shown = f"\nthe lesson shows:\n{fence.prints}" if fence.prints else ""
                pytest.fail(
                    f"{lesson.name}/README.md, line {fence.line}: {fault}\n{fence.commands}{shown}\nit printed:\n{printed}{aside}"
                )
    finally:
        stubborn += [
            f"terminal {number + 2}" for number, other in enumerate(others) if not other.close(interrupt=True)
        ]
        stubborn += [] if first.close(interrupt=False) else ["the first terminal"]
    assert not stubborn, f"The lesson's commands leave processes behind in {', '.join(stubborn)}"
