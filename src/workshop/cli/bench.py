"""`workshop bench …`"""

from __future__ import annotations

import importlib
import statistics
import sys
from pathlib import Path
from typing import Any

import click

from workshop.cli import options
from workshop.course import lessons
from workshop.course.places import ROOT
from workshop.outcomes import Unchecked
from workshop.reports.timeline import lines

RATIO_LIMIT = 1.25  # times the plain docker commands
NOTEBOOK_LIMIT = 1.0  # seconds from a save to the whole report of a notebook lesson


def benchmark(name: str) -> Any:
    """A module of the checkout's folder `benchmarks/`, which is no part of the package that students use."""
    if not (ROOT / "benchmarks" / f"{name}.py").is_file():
        raise Unchecked(f"There is no benchmarks/{name}.py in {ROOT}. Run this in a whole checkout of the workshop.")
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    return importlib.import_module(f"benchmarks.{name}")


@click.group()
def bench() -> None:
    """Measure the workshop itself."""


@bench.command()
@click.option("--repeat", default=7, show_default=True, help="How often each time is taken.")
@click.option("--lesson", "numbers", multiple=True, default=("3", "7"), show_default=True, help="Which lessons.")
def loop(repeat: int, numbers: tuple[str, ...]) -> int:
    """From a save to the first verdict and the whole report; for a service, beside plain docker commands."""
    measuring = benchmark("loop")

    screen, worst, late = options.screen(), 0.0, False
    screen.line(
        f" medians of {repeat}, in seconds: first verdict after a save · plain docker · ratio · whole report",
        bold=True,
    )
    for number in numbers:
        lesson = lessons.find(number)
        if "notebook" in lesson.needs:
            for runtime in ("docker", "embedded"):
                times = measuring.measure_notebook(lesson, repeat, runtime)
                first, whole = statistics.median(times.first), statistics.median(times.whole)
                late = late or whole > NOTEBOOK_LIMIT
                screen.line(f"  lesson {lesson.number:>2}  {first:.2f} · – · – · {whole:.2f}  {runtime}")
            continue
        times = measuring.measure(lesson, repeat)
        first, plain, whole = (statistics.median(taken) for taken in (times.first, times.plain, times.whole))
        worst = max(worst, times.ratio)
        screen.line(f"  lesson {lesson.number:>2}  {first:.2f} · {plain:.2f} · {times.ratio:.2f} · {whole:.2f}")
    return 0 if worst <= RATIO_LIMIT and not late else 1


@bench.command()
@click.option("--count", default=20, show_default=True, help="How many submissions.")
@click.option(
    "--at-once",
    default=2,
    show_default=True,
    help="How many of them the workshop grades at a time; the other tools do two.",
)
@click.option(
    "--peers/--no-peers",
    "with_peers",
    default=True,
    help="Whether nbgrader, otter-grader and nbclient are measured too.",
)
def notebooks(count: int, at_once: int, with_peers: bool) -> int:
    """Grading a class' notebooks, beside nbgrader, otter-grader and nbclient."""
    measuring = benchmark("notebooks")

    screen = options.screen()
    chosen = measuring.submissions(count)
    lesson = chosen[0].lesson
    screen.line(f" {count} submissions of lesson {lesson.number}, {lesson.title}", bold=True)
    figures_of_all, wrong = [measuring.ours(chosen, at_once)], []
    for figures in measuring.peers(chosen, screen.line) if with_peers else ():
        if isinstance(figures, str):
            wrong.append(figures)
        else:
            figures_of_all.append(figures)
    for line in [*measuring.rows(figures_of_all), *measuring.notes(len(lesson.promises)), *wrong]:
        screen.line(line)
    return 1 if wrong else 0


@bench.command()
@click.option("--outage", is_flag=True, help="Take Redis away under load, in place of measuring the speed.")
@click.option(
    "--seconds", default=8.0, show_default=True, help="How long Redis is away each time, or each address is asked."
)
@click.option("--rounds", default=3, show_default=True, help="How often each server has its turn.")
@click.option("--few", default=16, show_default=True, help="How many clients ask while Redis' name is gone.")
@click.option("--many", default=100, show_default=True, help="How many clients ask while Redis hangs.")
def service(outage: bool, seconds: float, rounds: int, few: int, many: int) -> int:
    """The finished service in app/, as it is shipped: its speed beside other servers, or, with --outage, while its Redis is away."""
    screen = options.screen()
    if not outage:
        measuring = benchmark("load")
        table = measuring.measure(seconds, rounds)
        screen.line(f" medians of {rounds} rounds, {seconds:g} s each: requests a second · p50 · p99 in ms", bold=True)
        for line in measuring.rows(table):
            screen.line(line)
        return 0 if table.is_enough else 1
    measuring = benchmark("service")
    found = measuring.outages(seconds, few, many)
    for line in measuring.rows(found):
        screen.line(line)
    return 0 if all(one.is_kept for one in found) else 1


@bench.command()
@click.option("--seconds", default=12.0, show_default=True, help="How long the load goes on after the kill.")
@click.option("--clients", default=16, show_default=True, help="How many write and read at the same time.")
def cluster(seconds: float, clients: int) -> int:
    """The finished service on a Redis Cluster, while one of its primaries is killed under load."""
    measuring, screen = benchmark("failover"), options.screen()
    seen = measuring.kill_a_primary(seconds, clients)
    for line in [*measuring.rows(seen), *(f"   {line}" for line in lines(seen.events))]:
        screen.line(line)
    return 0 if seen.is_kept else 1


@bench.command()
@click.option("--repeat", default=3, show_default=True, help="How often each report is made.")
@click.option("--lesson", "numbers", multiple=True, help="Which lessons; all of them, unless told.")
@click.option(
    "--beside",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another checkout, of the commit before for instance: the lessons of both are measured in turn.",
)
@click.option("--busy", default=0, show_default=True, help="How many busy loops run beside: no verdict may change.")
@options.runtime
def reports(repeat: int, numbers: tuple[str, ...], beside: Path | None, busy: int, runtime: str) -> int:
    """The whole report of each lesson's solution, beside the time that the processors work for it."""
    measuring = benchmark("reports")

    screen, is_well = options.screen(), True
    screen.line(f" medians of {repeat}, in seconds, with {busy} busy loops beside:", bold=True)
    screen.line(
        " first verdict · whole report · processor: grader and docker commands · processor: all that ran on this machine"
    )
    checkouts = [ROOT, *([beside.resolve()] if beside else [])]
    chosen = [lessons.find(number) for number in numbers] or lessons.catalogue()
    known = [{lesson.name for lesson in lessons.catalogue(checkout)} for checkout in checkouts]
    for lesson in (lesson for lesson in chosen if all(lesson.name in names for names in known)):
        made = [measuring.Reports() for _ in checkouts]
        with measuring.busy(busy):
            for _ in range(repeat):
                for checkout, of_it in zip(reversed(checkouts), reversed(made), strict=True):
                    of_it.taken.append(measuring.take(lesson, checkout, runtime))
        screen.line(measuring.row(f"lesson {lesson.number}", *made, *([None] if len(made) == 1 else [])))
        for line in made[0].odd():
            screen.line(f"      {line}")
        is_well = is_well and not made[0].odd() and not (beside and measuring.is_slower(*made))
    return 0 if is_well else 1


@bench.command("class")
@click.option("--submissions", default=12, show_default=True, help="How many of each lesson.")
@click.option("--lesson", "numbers", multiple=True, default=("3", "8", "9"), show_default=True, help="Which lessons.")
@click.option(
    "--workers",
    multiple=True,
    type=click.IntRange(1, 16),
    default=(1, 2, 3),
    show_default=True,
    help="How many at a time.",
)
@click.option("--floor/--no-floor", "with_floor", default=True, help="Whether the docker commands alone are measured.")
@click.option("--peers/--no-peers", "with_peers", default=True, help="Whether nbgrader and otter-grader are measured.")
@click.option(
    "--own/--no-own", "is_own", default=True, help="On an engine made for it (Linux, root), or on that in use."
)
def class_(
    submissions: int,
    numbers: tuple[str, ...],
    workers: tuple[int, ...],
    with_floor: bool,
    with_peers: bool,
    is_own: bool,
) -> int:
    """Grading a class: submissions a minute, beside the docker commands alone, other tools, and one processor."""
    measuring, screen = benchmark("classes"), options.screen()
    chosen, is_well = [lessons.find(number) for number in numbers], True
    with measuring.place(chosen, is_own, screen.line) as place:
        for lesson in chosen:
            found = measuring.measure(place, lesson, submissions, sorted(workers), with_floor, screen.line)
            is_well = is_well and all(holds for _, holds in found.aims())
            for line in measuring.rows(found):
                screen.line(line)
            others = []
            if with_peers and lesson.number == int(measuring.notebooks.LESSON):
                others = list(measuring.notebooks.peers(measuring.notebooks.submissions(submissions), screen.line))
            for line in measuring.beside(found, [one for one in others if not isinstance(one, str)]):
                screen.line(line)
            for fault in (one for one in others if isinstance(one, str)):
                screen.line(f"  {fault}")
    return 0 if is_well else 1
