"""`workshop test`"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass

import click

from workshop.cli import options
from workshop.course.lessons import catalogue
from workshop.course.places import ROOT
from workshop.engine import engine
from workshop.proof.overview import fix


@dataclass(frozen=True)
class Step:
    """One part of the project's own tests: what Python is called with, and whether it needs an engine."""

    name: str
    command: tuple[str, ...]
    takes_engine: bool = False


LINT_IMPORTS = "from importlinter.cli import lint_imports_command as lint; lint()"  # it has no `python -m`
PYTEST = ("-m", "pytest", "-q", "-n", "3", "--dist")


def steps() -> tuple[Step, ...]:
    """What `workshop test` runs, in its order."""
    embeddable = (str(lesson.number) for lesson in catalogue() if not lesson.needs_engine)
    return (
        Step("lint", ("-m", "ruff", "check")),
        Step("format", ("-m", "ruff", "format", "--check")),
        Step("types", ("-m", "mypy")),
        Step("import contract", ("-c", LINT_IMPORTS, "--no-cache")),
        Step("unit tests", (*PYTEST, "worksteal", "tests/unit")),
        Step(
            "the machinery live, and the commands of every lesson",
            (*PYTEST, "loadfile", "tests", "--ignore", "tests/unit"),
        ),
        Step(
            "the proof in brief, embedded",
            ("-m", "workshop.cli", "prove", "--brief", "--minutes", "1", "--runtime", "embedded", "--embeddable"),
        ),
        Step(
            "the solutions of these lessons, live",
            ("-m", "workshop.cli", "check", *embeddable, "--solution", "--runtime", "docker"),
            takes_engine=True,
        ),
        Step(
            "the proof in brief, live",
            ("-m", "workshop.cli", "prove", "--brief", "--minutes", "2", "--engine", "--runtime", "docker"),
            takes_engine=True,
        ),
    )


LAST_LINES = 40  # of a failed step, said again at the end: a long log may be kept only in part
FIRST_LINES = 15  # from the first line marked ✗, which may stand far above


def run(step: Step) -> tuple[int, str]:
    """Runs a step and shows what it prints as it comes; returns its exit code and what tells most of it: from its first ✗, and its last lines."""
    printed = bytearray()
    with subprocess.Popen(
        [sys.executable, *step.command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout
        while piece := os.read(process.stdout.fileno(), 65536):
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
            printed += piece
    lines = printed.decode(errors="replace").splitlines()
    first = next((number for number, line in enumerate(lines) if line.lstrip().startswith("✗")), None)
    last = max(0, len(lines) - LAST_LINES)
    told = [] if first is None else lines[first : min(first + FIRST_LINES, max(first, last))]
    return process.returncode, "\n".join([*told, *lines[last:]])


@click.command()
@click.option("--only", metavar="WORD", help="Only the steps whose name contains this.")
@click.option("--fix", "is_fix", is_flag=True, help="Only write what is generated: README's table and counts.")
def test(only: str | None, is_fix: bool) -> int:
    """The project's own tests: lint, format, types, imports, machinery, every lesson's commands, and the proof."""
    screen = options.screen()
    if is_fix:
        screen.line("README.md: written" if fix(ROOT) else "README.md: nothing to write")
        return 0
    missing = engine.trouble()
    left_out: list[str] = []
    failed: list[str] = []
    passed: list[str] = []
    ends: dict[str, str] = {}
    for step in steps():
        if only and only not in step.name:
            continue
        if step.takes_engine and missing:
            left_out.append(step.name)
            continue
        screen.line(f"── {step.name}", bold=True)
        sys.stdout.flush()
        start = time.monotonic()
        code, end = run(step)
        (failed if code else passed).append(step.name)
        if code:
            ends[step.name] = end
        screen.line(
            f"   {'failed' if code else 'passed'} in {time.monotonic() - start:.0f} s\n", fg="red" if code else "green"
        )
    if missing:
        screen.line(
            f"Skipped, because there is no engine here: {', '.join(left_out)}, and the tests above that name it. {missing.hint}"
        )
        if os.environ.get("CI") == "true":
            failed.append("an engine")
    for name in failed:
        screen.line(f"failed: {name}", fg="red")
        screen.line(ends.get(name, ""))
    screen.line(f"steps: {len(passed)} passed, {len(failed)} failed, {len(left_out)} skipped")
    return 1 if failed else 0
