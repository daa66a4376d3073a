"""How long the whole report of a lesson's solution takes, beside the time that the processors work for it; of two checkouts in turn."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workshop.course.lessons import Lesson

SLOWER = 1.05  # times as long as beside: more is slower, less is chance


@dataclass(frozen=True)
class Taken:
    """One report: seconds to the first verdict and to the last line, and what the checks came to.

    `own` are processor seconds of the grader and of the commands that it calls; `machine` are those of all that ran on the machine meanwhile:
    the engine, builds and containers too, where they run on it. None where the system does not tell.
    """

    first: float
    whole: float
    own: float | None
    machine: float | None
    outcomes: dict[str, str]


@dataclass
class Reports:
    """The reports of one lesson's solution in one checkout."""

    taken: list[Taken] = field(default_factory=list)

    def median(self, figure: str) -> float | None:
        """The median of a figure; None where the system does not tell it."""
        values = [value for one in self.taken if (value := getattr(one, figure)) is not None]
        return statistics.median(values) if values else None

    @property
    def whole(self) -> float:
        """The median of the seconds to the last line."""
        return statistics.median(one.whole for one in self.taken)

    def odd(self) -> list[str]:
        """What did not pass, in any of the reports: `test_name: outcome`."""
        return sorted(
            {f"{name}: {what}" for one in self.taken for name, what in one.outcomes.items() if what != "passed"}
        )


def take(lesson: Lesson, checkout: Path, runtime: str = "auto") -> Taken:
    """One report of the lesson's solution, by `check` in a process of its own, as the code in `checkout` makes it."""
    words = ["-m", "workshop.cli", "check", str(lesson.number), "--solution", "--runtime", runtime, "--json"]
    before, busy_before, start = _own_seconds(), machine_seconds(), time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout / "src")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    lines: list[tuple[float, str]] = []
    assert process.stderr and process.stdout
    reader = threading.Thread(target=lambda: lines.extend((time.monotonic(), line) for line in process.stderr or ()))
    reader.start()
    with process.stdout as out:
        told = out.read()
    process.wait()
    reader.join()
    process.stderr.close()
    said = [at - start for at, line in lines if line.strip()]
    firsts = [at - start for at, line in lines if "✓" in line]
    if not told.strip() or not said:
        raise RuntimeError(f"No report of lesson {lesson.number} in {checkout}:\n{''.join(line for _, line in lines)}")
    outcomes = {check["id"]: check["outcome"] for check in json.loads(told)["checks"]}
    own, busy = _since(before, _own_seconds()), _since(busy_before, machine_seconds())
    return Taken(firsts[0] if firsts else said[-1], said[-1], own, busy, outcomes)


def _since(before: float | None, now: float | None) -> float | None:
    return None if before is None or now is None else now - before


def _own_seconds() -> float | None:
    """Processor seconds of the children that have ended, with theirs."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def machine_seconds() -> float | None:
    """Processor seconds that this machine has worked since it was started."""
    try:
        words = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()
    except OSError:
        return None
    user, nice, system, _idle, _iowait, irq, softirq = map(int, words[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Within the block, so many programs compute without end."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def row(name: str, ours: Reports, beside: Reports | None) -> str:
    """A line of the table: each checkout's figures, and the ratio of the whole reports."""
    line = f"  {name:<10} {_figures(ours)}"
    if beside is not None:
        line += f"   beside  {_figures(beside)}   ratio {ours.whole / beside.whole:.2f}"
    return line


def _figures(reports: Reports) -> str:
    values = [reports.median(figure) for figure in ("first", "whole", "own", "machine")]
    return " · ".join("    –" if value is None else f"{value:5.2f}" for value in values)


def is_slower(ours: Reports, beside: Reports) -> bool:
    """Whether our whole report comes later."""
    return ours.whole > SLOWER * beside.whole
