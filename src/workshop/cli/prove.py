"""`workshop prove [N…]`"""

from __future__ import annotations

import contextlib
import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from workshop.cli import options
from workshop.course import lessons
from workshop.engine.run import locked
from workshop.grading.bench import choose
from workshop.proof.answers import Case, Malformed, cases_from
from workshop.proof.matrix import show_causes, show_proof
from workshop.proof.proof import Proof
from workshop.proof.proof import prove as run_proof
from workshop.report import Report
from workshop.reports.terminal import Terminal


@click.command()
@click.argument("numbers", nargs=-1, metavar="[N…]")
@click.option(
    "--repeat",
    default=1,
    metavar="K",
    help="Run each case K times with other seeds and report any verdict that changed.",
)
@click.option("--only", metavar="NAME", help="Only the cases whose name contains this.")
@click.option("--seed", type=int, help="Draw the seeds from this one.")
@click.option("--workers", type=int, help="How many to grade at the same time.")
@click.option("--no-hints", is_flag=True, help="Look for no mistakes: every outcome must be the same.")
@click.option(
    "--brief",
    is_flag=True,
    help="Two right answers a lesson and one wrong answer a check, chosen at random each time.",
)
@click.option(
    "--minutes",
    type=float,
    metavar="M",
    help="Begin no other answer after M minutes; each starter and solution is run.",
)
@click.option(
    "--embeddable/--engine",
    default=None,
    help="Only the lessons that run without an engine, or only those that need one.",
)
@click.option(
    "--cases",
    "outside",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="In place of the lessons' own answers: DIR/NN_topic/{right,wrong}/NAME, with true cause and hint side by side.",
)
@options.runtime
def prove(
    numbers: tuple[str, ...],
    repeat: int,
    only: str | None,
    seed: int | None,
    workers: int | None,
    no_hints: bool,
    brief: bool,
    minutes: float | None,
    embeddable: bool | None,
    outside: Path | None,
    runtime: str,
) -> int:
    """Prove the graders: starters fail, right answers pass, each wrong answer fails on its check, with its hint."""
    chosen = [lessons.find(number) for number in numbers] or lessons.catalogue()
    if embeddable is not None:
        chosen = [lesson for lesson in chosen if lesson.needs_engine is not embeddable]
    if outside:
        chosen = [lesson for lesson in chosen if (outside / lesson.name).is_dir()]
    screen = options.screen()
    with _alone(screen):
        draw = secrets.randbelow(10**6) if seed is None else seed
        return _prove(
            chosen,
            screen,
            draw,
            repeat=repeat,
            only=only,
            in_brief=brief,
            minutes=minutes,
            with_hints=not no_hints,
            workers=workers,
            outside=outside,
            runtime=choose(runtime),
        )


@contextlib.contextmanager
def _alone(screen: Terminal) -> Iterator[None]:
    """One proof at a time on a machine: two would only use up each other's time limits."""
    path, waits = Path(tempfile.gettempdir()) / "workshop-prove.lock", False
    while (lock := locked(path)) is None:
        if not waits:
            screen.line("  Another proof is running on this machine; waiting for it to end.")
        waits = True
        time.sleep(0.5)
    with lock:
        yield


def _prove(chosen: list[lessons.Lesson], screen: Terminal, draw: int, **settings: Any) -> int:
    start = time.monotonic()

    def on_case(case: Case, report: Report | str, faults: list[str]) -> None:
        seconds = report.seconds if isinstance(report, Report) else 0.0
        mark = "✗" if faults else "✓"
        screen.line(
            f"  {mark} {case.lesson.number:>2} {case.kind:<8} {case.name}  {seconds:.1f} s",
            fg="red" if faults else "bright_black",
        )

    def on_lesson(proof: Proof) -> None:
        screen.line()
        if outside := settings["outside"]:
            show_causes(proof, cases_from(outside, proof.lesson), screen)
        else:
            show_proof(proof, screen, time.monotonic() - start)

    try:
        proofs = run_proof(chosen, seed=draw, on_case=on_case, on_lesson=on_lesson, **settings)
    except Malformed as error:
        screen.line(f"   ✗ {error}", fg="red")
        return 1
    faulty = [proof for proof in proofs if proof.faults]
    runs = sum(len(reports) for proof in proofs for reports in proof.reports.values())
    part = "proven" if all(proof.is_whole for proof in proofs) else "without a fault in the part that was run"
    took = f"{runs} runs · {time.monotonic() - start:.0f} s · drawn from seed {draw}"
    screen.line(f" {len(proofs) - len(faulty)} of {len(proofs)} lessons {part} · {took}", bold=True)
    for proof in faulty:
        for fault in proof.faults:
            screen.line(f"   ✗ {proof.lesson.number} {fault}", fg="red")
    return 1 if faulty else 0
