"""Other tools that grade notebooks, measured on the same submissions: nbgrader, otter-grader, and nbclient alone. None of them isolates.

They live in an environment of their own, made at the first use from `requirements-bench.txt`; the workshop's has nothing of them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.asserts import ASSERTS
from workshop.course.places import ROOT
from workshop.machine import tools
from workshop.machine.tools import LIMIT, Trouble, run

LOCK = ROOT / "requirements-bench.txt"
AT_ONCE = 2
ASSIGNMENT = "ps1"
IMPORT_OF_OURS = re.compile(r"^from workshop\.notebooks import check, connect\n", re.MULTILINE)
CONNECT = """import os


def connect():
    return redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"), decode_responses=True)
"""
OTTERS_TEST = """from otter.test_files import test_case

OK_FORMAT = False
name = "{name}"
points = 1


@test_case(points=1)
def test_{name}(r, {name}):
{body}
"""


@dataclass(frozen=True)
class Timed:
    """One submission as one tool graded it: begin and end in seconds of the monotonic clock, and whether it passed."""

    name: str
    begin: float
    end: float
    passed: bool


def environment(say: Callable[[str], None]) -> Path:
    """The folder of the environment in which the tools live; made first if it is not there, or its lock has changed."""
    return tools.environment("peers", LOCK, say)


def with_asserts(notebook: dict[str, Any]) -> dict[str, Any]:
    """A submission as the other tools take it: without the workshop's `check` and `connect`, and with a cell of asserts after each exercise."""
    made, cells = deepcopy(notebook), []
    for cell in made["cells"]:
        source = IMPORT_OF_OURS.sub(CONNECT, "".join(cell["source"]))
        if source.startswith("check("):
            continue
        cell["source"] = source
        cells.append(cell)
        name = next((name for name in ASSERTS if re.search(rf"^def {name}\(", source, re.MULTILINE)), None)
        if name and "exercise" in cell["metadata"].get("tags", []):
            cell["metadata"]["nbgrader"] = _role(name, is_test=False)
            cells.append(
                {
                    "cell_type": "code",
                    "id": f"test-{name.replace('_', '-')}",
                    "metadata": {"nbgrader": _role(f"test_{name}", is_test=True)},
                    "source": ASSERTS[name].strip(),
                    "outputs": [],
                    "execution_count": None,
                }
            )
    made["cells"] = cells
    return made


def _role(name: str, *, is_test: bool) -> dict[str, Any]:
    """What nbgrader keeps in a cell's metadata."""
    role: dict[str, Any] = {
        "grade": is_test,
        "locked": is_test,
        "solution": not is_test,
        "task": False,
        "grade_id": name,
        "schema_version": 3,
    }
    return role | {"points": 1} if is_test else role


class Peers:
    """The three tools, in the environment `home`, with `folder` for their files and the Redis at `url` ("redis://host:port")."""

    def __init__(self, home: Path, folder: Path, url: str) -> None:
        self._bin, self._folder, self._url = home / ("Scripts" if os.name == "nt" else "bin"), folder, url

    def _environment(self, slot: int) -> dict[str, str]:
        """A slot's variables: a database of its own, and nothing of this process' Python or Jupyter."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "JUPYTER", "IPYTHON", "PYTEST_", "VIRTUAL_ENV"))
        }
        own = {
            name: str(self._folder / "home")
            for name in ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
        }
        path = os.pathsep.join([str(self._bin), os.environ.get("PATH", "")])
        return {**kept, **own, "PATH": path, "REDIS_URL": f"{self._url}/{slot + 1}"}

    def _written(self, tool: str, submissions: dict[str, dict[str, Any]]) -> dict[str, Path]:
        """The submissions as files, for a tool that takes one file each."""
        (self._folder / tool).mkdir(parents=True)
        paths = {name: self._folder / tool / f"{name}.ipynb" for name in submissions}
        for name, path in paths.items():
            path.write_text(json.dumps(submissions[name]), encoding="utf-8")
        return paths

    def nbclient(self, submissions: dict[str, dict[str, Any]]) -> list[Timed]:
        """Each notebook executed in a fresh kernel; two processes take half of them each."""
        paths = list(self._written("nbclient", submissions).values())
        script = Path(__file__).with_name("with_nbclient.py")

        def half(slot: int) -> list[Timed]:
            out = run(
                [self._bin / "python", "-W", "ignore", script, *paths[slot::AT_ONCE]],
                env=self._environment(slot),
                cwd=self._folder,
            )
            rows = [json.loads(line) for line in out.splitlines() if line.startswith('{"notebook"')]
            return [Timed(Path(row["notebook"]).stem, row["begin"], row["end"], not row["failed"]) for row in rows]

        return _side_by_side(half)

    def nbgrader(self, submissions: dict[str, dict[str, Any]], source: dict[str, Any]) -> list[Timed]:
        """`nbgrader autograde`; two courses with half of the submissions each, so that their gradebooks do not wait for each other."""
        names = list(submissions)

        def half(slot: int) -> list[Timed]:
            course, mine = self._folder / f"course-{slot}", names[slot::AT_ONCE]
            for name, notebook in {"": source, **{name: submissions[name] for name in mine}}.items():
                place = course / ("submitted" if name else "source") / name / ASSIGNMENT
                place.mkdir(parents=True)
                (place / "p.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
            options = {"env": self._environment(slot), "cwd": course}
            run([self._bin / "nbgrader", "generate_assignment", ASSIGNMENT, "--create"], **options)
            ready.wait(LIMIT)
            return self._autograded(course, mine, options)

        ready = threading.Barrier(AT_ONCE)
        return _side_by_side(half)

    def _autograded(self, course: Path, names: list[str], options: dict[str, Any]) -> list[Timed]:
        """Runs `autograde` and reads from its log when each submission began and ended."""
        command = [str(self._bin / "nbgrader"), "autograde", ASSIGNMENT, "--create"]
        begins: dict[str, float] = {}
        ends: dict[str, float] = {}
        current, said = "", []
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            **options,
        ) as process:
            assert process.stdout
            for line in process.stdout:
                said.append(line)
                if found := re.search(r"submitted[/\\]([^/\\]+)[/\\]", line):
                    current = found[1]
                    begins.setdefault(current, time.monotonic())
                elif "Setting destination file permissions" in line:
                    ends[current] = time.monotonic()
        if process.returncode or set(ends) != set(names):
            raise Trouble("".join(said[-15:]))
        return [Timed(name, begins[name], ends[name], self._all_passed(course, name)) for name in names]

    @staticmethod
    def _all_passed(course: Path, name: str) -> bool:
        graded = json.loads((course / "autograded" / name / ASSIGNMENT / "p.ipynb").read_text(encoding="utf-8"))
        outputs = [
            output
            for cell in graded["cells"]
            if cell["metadata"].get("nbgrader", {}).get("grade")
            for output in cell["outputs"]
        ]
        return not any(output["output_type"] == "error" for output in outputs)

    def otter(self, submissions: dict[str, dict[str, Any]]) -> list[Timed]:
        """`otter run`, a process for each submission, two at a time. Its tests lie beside the notebook, not in it."""
        bare = {name: self._without_asserts(notebook) for name, notebook in submissions.items()}
        paths, archive = self._written("otter", bare), self._folder / "autograder.zip"
        tests = self._folder / "otter-tests" / "tests"
        tests.mkdir(parents=True)
        for name, body in ASSERTS.items():
            indented = "\n".join(f"    {line}" for line in body.strip().splitlines())
            (tests / f"{name}.py").write_text(OTTERS_TEST.format(name=name, body=indented), encoding="utf-8")
        plain = ("--no-environment", "--no-config", "--no-requirements")
        run(
            [self._bin / "otter", "generate", "-t", "tests", "-o", archive, *plain],
            env=self._environment(0),
            cwd=tests.parent,
        )

        def half(slot: int) -> list[Timed]:
            return [self._otter_run(name, paths[name], archive, slot) for name in list(paths)[slot::AT_ONCE]]

        return _side_by_side(half)

    def _otter_run(self, name: str, path: Path, archive: Path, slot: int) -> Timed:
        out = path.with_suffix("")
        out.mkdir()
        begin = time.monotonic()
        run(
            [self._bin / "otter", "run", path, "-a", archive, "-o", out, "--no-logo"],
            env=self._environment(slot),
            cwd=path.parent,
        )
        end = time.monotonic()
        tests = json.loads((out / "results.json").read_text(encoding="utf-8"))["tests"]
        scored = [test for test in tests if "max_score" in test]
        if len(scored) != len(ASSERTS):
            raise Trouble(f"otter reported {len(scored)} tests of {len(ASSERTS)}: {tests}")
        return Timed(name, begin, end, all(test["score"] == test["max_score"] for test in scored))

    @staticmethod
    def _without_asserts(notebook: dict[str, Any]) -> dict[str, Any]:
        cells = [cell for cell in notebook["cells"] if not cell["metadata"].get("nbgrader", {}).get("grade")]
        return {**notebook, "cells": cells}


def _side_by_side(half: Callable[[int], list[Timed]]) -> list[Timed]:
    """What all slots return, run at the same time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [timed for part in pool.map(half, range(AT_ONCE)) for timed in part]
