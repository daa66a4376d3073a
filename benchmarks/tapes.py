"""The docker commands of a grading, recorded and played again without the grader: what the engine and the student's service cost alone.

A tape holds what one grading process had done for its submissions. It is played with as much side by side as in the recording, and without
a pause: a command begins once all have ended that had ended before it. A service is asked over HTTP until it answers, and a notebook's
runner is told what it was told. Left out are only a command with another process's number, and what tidies up at the end.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from workshop.classroom.crew import COMMAND, JOB_LIMIT, Grader
from workshop.course.lessons import Lesson
from workshop.engine import engine
from workshop.engine.run import Run
from workshop.report import Report
from workshop.runtimes import http
from workshop.runtimes.contract import PORT

NAMED = "named"  # the file that says which run the files of a tape are named after
DONE = "done"  # the file that marks the end of a submission
WHOLE_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
RUN_ID = re.compile(r"workshop\.run=([0-9a-f]{10})")
FOREIGN = ("--pid", "host")  # of a command that ends a process by its number
LOOKS = {
    "ps",
    "inspect",
    "logs",
    "port",
    "image",
    "version",
    "info",
}  # they may come a moment before what they look at
AT_ONCE = 24
UP_LIMIT = 20.0  # seconds for a service to answer, and for a command
TALK_LIMIT = 2.0  # seconds for an answer of a notebook's runner: a function may wait for a rival that is not there
LAST = {
    "ran",
    "rests",
    "outline",
    "value",
    "error",
    "gone",
    "missing",
    "empty",
    "mark",
}  # what the last answer to a message has


class Part(Enum):
    """What a call is on a tape."""

    COMMAND = "command"
    RUNNER = "a notebook's runner is started"
    TALK = "it is told all that it is told for one notebook"
    DONE = "a submission is through"


@dataclass
class Call:
    """A call on a tape, with its times; `folder` has what was noted of it."""

    part: Part
    begin: float
    end: float
    words: list[str] = field(default_factory=list)
    folder: Path = Path()
    said: Path = Path()
    code: int | None = None
    result: Future[None] | None = None

    @property
    def acts(self) -> bool:
        """Whether it is a command that does more than look."""
        return self.part is Part.COMMAND and self.words[0] not in LOOKS and self.words[1:2] != ["ls"]


def record(
    tape: Path, lesson: Lesson, works: Sequence[Path], environment: Mapping[str, str], inside: Sequence[str]
) -> list[Report]:
    """Grades the works one after the other in one grading process and records its docker commands in `tape`; returns the reports."""
    tape.mkdir(parents=True)
    shim = tape.with_name(f"{tape.name}-bin")
    shim.mkdir()
    script = Path(__file__).with_name("taping.py")
    docker = engine.command()
    (shim / "docker").write_text(
        f'#!/bin/sh\nexec {sys.executable} -IS {script} {tape} {tempfile.gettempdir()} {docker} "$@"\n'
    )
    (shim / "docker").chmod(0o755)
    path = os.environ["PATH"]
    grader = Grader((*inside, *COMMAND), {**environment, "PATH": f"{shim}:{path}"})
    reports = []
    try:
        for number, work in enumerate(works):
            report = grader.graded(lesson, work, number + 1, JOB_LIMIT)
            if isinstance(report, str):
                raise RuntimeError(f"{work}: {report}")
            reports.append(report)
            (tape / f"{time.time_ns()}-{DONE}").touch()
    finally:
        grader.end()
    return reports


def calls(tape: Path) -> list[Call]:
    """What is on a tape, in its order, up to the end of the last submission."""
    found = []
    for path in tape.iterdir():
        if path.name.endswith(DONE):
            at = int(path.name.partition("-")[0]) / 1e9
            found.append(Call(Part.DONE, at, at))
        elif (path / "note.json").exists():
            found += _noted(path)
    found.sort(key=lambda call: call.begin)
    last = max(number for number, call in enumerate(found) if call.part is Part.DONE)
    return found[: last + 1]


def _noted(folder: Path) -> list[Call]:
    """The calls of one folder of a tape: of a notebook's container one more for each notebook, of what cannot be played none."""
    note = json.loads((folder / "note.json").read_text())
    begin, words = note["begin"], note["words"]
    if any(words[at : at + 2] == list(FOREIGN) for at in range(len(words))):
        return []
    ended = folder / "ended"
    end, code = (ended.stat().st_mtime, int(ended.read_text())) if ended.exists() else (math.inf, None)
    if words[:2] != ["run", "--interactive"]:
        return [Call(Part.COMMAND, begin, end, words, folder, code=code)]
    talks = [
        Call(Part.TALK, int(said.name.partition("-")[2]) / 1e9, said.stat().st_mtime, words, folder, said)
        for said in folder.glob("said-*")
    ]
    return [Call(Part.RUNNER, begin, math.inf, words, folder), *talks]


class Player:
    """Plays a tape under a run of its own, which removes at the end what is left."""

    def __init__(self, run: Run, tape: Path) -> None:
        self._run, self._calls = run, calls(tape)
        self._listed: dict[str, list[str]] = {}  # the last list of ids of each kind
        self._up: set[str] = set()
        self.otherwise: list[Call] = []  # commands that act, and ended in another way than in the recording
        self._runners: dict[Path, tuple[subprocess.Popen[bytes], ThreadPoolExecutor]] = {}  # who reads its answers
        self._renamed(tape / NAMED)

    def _renamed(self, named: Path) -> None:
        """Gives the things on the tape the names of this run; `named` says whose names its files have from an earlier playing."""
        recorded = next(found[1] for call in self._calls for word in call.words if (found := RUN_ID.search(word)))
        before = named.read_text() if named.exists() else recorded
        for folder in {call.folder for call in self._calls if call.words}:
            for path in [*folder.glob("files/**/*"), *folder.glob("said-*")]:
                if path.is_file() and not path.is_symlink() and before.encode() in (data := path.read_bytes()):
                    times = path.stat()
                    path.write_bytes(data.replace(before.encode(), self._run.id.encode()))
                    os.utime(path, (times.st_atime, times.st_mtime))
        named.write_text(self._run.id)
        for call in self._calls:
            call.words = [word.replace(recorded, self._run.id) for word in call.words]

    @property
    def count(self) -> int:
        """How many commands are played that do more than look."""
        return sum(call.acts for call in self._calls)

    def play(self) -> list[float]:
        """Plays it; returns when each submission was through, in seconds of time.time()."""
        stamps = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for number, call in enumerate(self._calls):
                wait([one.result for one in self._calls[:number] if one.end <= call.begin and one.result])
                if call.part is Part.DONE:
                    stamps.append(time.time())
                elif call.part is Part.RUNNER:
                    self._start(call)
                else:
                    call.result = pool.submit(self._talk if call.part is Part.TALK else self._make, call)
        for process, reader in self._runners.values():
            process.kill()
            process.wait()
            reader.shutdown()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
        return stamps

    def _make(self, call: Call) -> None:
        words = self._with_ids(call.words)
        data = b"".join(said.read_bytes() for said in sorted(call.folder.glob("said-*"))) or None
        limit = max(UP_LIMIT, 3 * (call.end - call.begin)) if call.end < math.inf else UP_LIMIT
        try:
            done = self._run.docker(*words, data=data, timeout=limit)
        except engine.EngineTrouble:
            done = None
        if call.acts and call.code is not None and (done is None or done.code != call.code):
            self.otherwise.append(call)
        if done is None:
            return
        if "--quiet" in words:
            self._listed["".join(words[:1] if words[0] == "ps" else words[:2])] = done.out.split()
        if words[0] == "port" and words[2:] == [f"{PORT}/tcp"] and done.ok:
            self._wait_for(words[1], done.out, self._pause_after(call))

    def _with_ids(self, words: list[str]) -> list[str]:
        """The words of a removal by ids, with the ids that were listed last in this playing."""
        if not any(map(WHOLE_ID.fullmatch, words)):
            return words
        listed = self._listed.get("ps" if words[0] == "rm" else f"{words[0]}ls", [])
        return [*(word for word in words if not WHOLE_ID.fullmatch(word)), *listed]

    def _pause_after(self, call: Call) -> float:
        """How long nothing was begun after it: no longer did the grader wait for a service, which may never answer."""
        return min((one.begin for one in self._calls if one.begin > call.end), default=call.end) - call.end

    def _wait_for(self, name: str, said: str, limit: float) -> None:
        if name in self._up:
            return
        end = time.monotonic() + min(limit, UP_LIMIT)
        port = int(said.split()[0].rpartition(":")[2])
        while time.monotonic() < end and http.ask("GET", engine.host(), port, "/").status is None:
            time.sleep(0.01)
        self._up.add(name)

    def _start(self, call: Call) -> None:
        process = subprocess.Popen(
            [engine.command(), *call.words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=self._run.inherited(),
        )
        self._runners[call.folder] = process, ThreadPoolExecutor(1)

    def _talk(self, call: Call) -> None:
        """Tells a notebook's container line by line what it was told for one notebook."""
        process, reader = self._runners[call.folder]
        assert process.stdin and process.stdout
        for line in filter(bytes.strip, call.said.read_bytes().splitlines(keepends=True)):
            with contextlib.suppress(OSError, TimeoutError):
                process.stdin.write(line)
                process.stdin.flush()
                reader.submit(self._answered, process.stdout).result(0.0 if b'"kill"' in line else TALK_LIMIT)

    @staticmethod
    def _answered(lines: Any) -> None:
        for line in lines:
            with contextlib.suppress(ValueError):
                if LAST & set(json.loads(line)):
                    return


def played(tape: Path, environment: Mapping[str, str], inside: Sequence[str]) -> subprocess.Popen[str]:
    """Begins to play a tape in a process of its own; see `through`."""
    words = [*inside, sys.executable, "-m", "benchmarks.tapes", str(tape)]
    env = {**os.environ, **environment}
    return subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])


@dataclass(frozen=True)
class Playing:
    """When each submission of a tape was through, in seconds of time.time(), and how many of its commands that act ended otherwise than recorded."""

    stamps: list[float]
    commands: int
    otherwise: int


def through(process: subprocess.Popen[str]) -> Playing:
    """Waits until a tape has been played."""
    out, _ = process.communicate()
    if process.returncode:
        raise RuntimeError("A tape could not be played.")
    return Playing(**json.loads(out))


def main() -> None:
    """Plays the tape that is named, and prints what came of it."""
    with Run() as run:
        player = Player(run, Path(sys.argv[1]))
        found = Playing(player.play(), player.count, len(player.otherwise))
    for call in player.otherwise:
        print(f"  ended otherwise: docker {' '.join(call.words)[:200]}", file=sys.stderr)
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    main()
