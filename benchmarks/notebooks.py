"""How long it takes to grade a class' notebooks: this workshop beside nbgrader, otter-grader and plain nbclient, on the same submissions."""

from __future__ import annotations

import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.asserts import ASSERTS, LESSON
from benchmarks.peers import AT_ONCE, Peers, Timed, Trouble, environment, with_asserts
from workshop.course import lessons
from workshop.engine import engine
from workshop.engine.limits import NETWORK_OPTIONS
from workshop.engine.run import Run
from workshop.proof.answers import Case, cases
from workshop.proof.proof import Workers
from workshop.report import Outcome, Report
from workshop.runtimes.docker import DockerRedis

SEED = 4711


@dataclass(frozen=True)
class Figures:
    """What one tool needed. `right` and `wrong` count the submissions that it judged as they are, of all right and all wrong ones."""

    tool: str
    at_once: int
    timed: list[Timed]
    right: tuple[int, int]
    wrong: tuple[int, int]

    @property
    def each(self) -> float:
        """Seconds a submission: from the first one's begin to the last one's end, divided by their number."""
        return (max(one.end for one in self.timed) - min(one.begin for one in self.timed)) / len(self.timed)

    @property
    def median(self) -> float:
        """The median of the seconds from one submission's begin to its verdict."""
        return statistics.median(one.end - one.begin for one in self.timed)


def submissions(count: int) -> list[Case]:
    """The solution, other right answers, and wrong answers evenly from all there are: the same `count` each time, right and wrong mixed."""
    known = [case for case in cases(lessons.find(LESSON)) if case.runtime in (None, "docker")]
    right = [case for case in known if case.kind in ("solution", "right")][: max(1, count // 5)]
    wrong = [case for case in known if case.kind == "wrong"]
    left = count - len(right)
    taken = [wrong[number * len(wrong) // left] for number in range(left)]
    step = len(taken) // len(right)
    mixed: list[Case] = []
    for number, case in enumerate(right):
        end = len(taken) if case is right[-1] else (number + 1) * step
        mixed += [case, *taken[number * step : end]]
    return mixed


def ours(chosen: list[Case], at_once: int) -> Figures:
    """Grades them as `prove` and the class queue do: workers that are up, each worker with its own Redis and a container, in which each submission is a user of its own."""
    timed: list[Timed] = []
    problems: list[str] = []
    warmed, lock = threading.Semaphore(0), threading.Lock()

    def warm(_: Case, answer: Report | str | None) -> None:
        if isinstance(answer, str):
            problems.append(answer)
        warmed.release()

    def done(case: Case, answer: Report | str | None) -> None:
        with lock:
            if not isinstance(answer, Report):
                problems.append(answer or "not begun")
                return
            if answer.verdict is Outcome.UNCHECKED:
                problems.append(
                    f"{case.name}: {[check.hint for check in answer.checks if check.outcome is Outcome.UNCHECKED][:1]}"
                )
            elif (answer.verdict is Outcome.PASSED) != (case.kind != "wrong"):
                problems.append(f"{case.name} is {answer.verdict}")
            end = time.monotonic()
            timed.append(Timed(case.name, end - answer.seconds, end, answer.verdict is Outcome.PASSED))

    pool = Workers(at_once, "docker")
    for _ in range(at_once):
        pool.submit(chosen[0], SEED, warm)
    for _ in range(at_once):
        warmed.acquire()
    for number, case in enumerate(chosen):
        pool.submit(case, SEED + number, done)
    pool.finish()
    if problems:
        raise Trouble("\n".join(problems))
    return _figures("workshop", at_once, timed, chosen)


def _figures(tool: str, at_once: int, timed: list[Timed], chosen: list[Case]) -> Figures:
    is_right = {case.name: case.kind != "wrong" for case in chosen}
    right = [one.passed for one in timed if is_right[one.name]]
    wrong = [not one.passed for one in timed if not is_right[one.name]]
    return Figures(tool, at_once, timed, (sum(right), len(right)), (sum(wrong), len(wrong)))


def peers(chosen: list[Case], say: Callable[[str], None]) -> Iterator[Figures | str]:
    """The other tools' figures, one after the other; a text where a tool did not work."""
    home = environment(say)
    lesson = chosen[0].lesson
    with tempfile.TemporaryDirectory(prefix="workshop-bench-", ignore_cleanup_errors=True) as scratch, Run() as run:
        made = {}
        for case in chosen:
            path = case.build(Path(scratch, "works", case.name)) / f"{lesson.name}.ipynb"
            made[case.name] = with_asserts(json.loads(path.read_text(encoding="utf-8")))
        network = run.name("net")
        engine.must(run.docker("network", "create", "--label", run.label, *NETWORK_OPTIONS, network))
        redis = DockerRedis(run, network)
        tools = Peers(home, Path(scratch), f"redis://{redis.host}:{redis.port}")
        source = with_asserts(json.loads((lesson.solution / f"{lesson.name}.ipynb").read_text(encoding="utf-8")))
        measured: dict[str, Callable[[], list[Timed]]] = {
            "nbgrader": lambda: tools.nbgrader(made, source),
            "otter": lambda: tools.otter(made),
            "nbclient": lambda: tools.nbclient(made),
        }
        for tool, measure in measured.items():
            try:
                yield _figures(tool, AT_ONCE, measure(), chosen)
            except Trouble as trouble:
                yield f"{tool} did not work: {trouble}"


def rows(figures: list[Figures]) -> list[str]:
    """The table: seconds a submission, median, the ratio to the first row, and what was noticed."""
    first = figures[0]
    lines = [
        f"  {'':<10} {'at once':>7} {'s a submission':>15} {'median s':>9} {'ratio':>6}  right passed  wrong noticed"
    ]
    for one in figures:
        ratio = "" if one is first else f"{one.each / first.each:.1f} ×"
        passed, noticed = f"{one.right[0]} of {one.right[1]}", f"{one.wrong[0]} of {one.wrong[1]}"
        lines.append(
            f"  {one.tool:<10} {one.at_once:>7} {one.each:>15.2f} {one.median:>9.2f} {ratio:>6}  {passed:>12}  {noticed:>13}"
        )
    return lines


def notes(checks: int) -> list[str]:
    """What each of them does and does not do."""
    return [
        " workshop: in a container, each submission as a user of its own of whom nothing is left, beside a Redis that it shares with nobody;",
        f"   {checks} checks, with rivals in mid-flight and commands counted. Times from workers that are up.",
        f" nbgrader, otter, nbclient: {len(ASSERTS)} cells of asserts for the same {len(ASSERTS)} exercises. Nothing is isolated: the code",
        "   runs as this user, with this machine's files and network; one Redis for all, with a database for each of the two at a time.",
        "   To set up the course or the autograder is not counted.",
    ]
