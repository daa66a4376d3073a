"""`workshop bench …`"""

from __future__ import annotations

import statistics

import click

from workshop import lessons
from workshop.cli import options


@click.group()
def bench() -> None:
    """Measure the workshop itself."""


@bench.command()
@click.option("--repeat", default=7, show_default=True, help="How often each time is taken.")
@click.option("--lesson", "numbers", multiple=True, default=("3", "7"), show_default=True, help="Which lessons.")
def loop(repeat: int, numbers: tuple[str, ...]) -> int:
    """From saving app.py to the first verdict, beside plain docker commands."""
    from workshop.benches.loop import measure

    screen, worst = options.screen_out(), 0.0
    screen.line(f" medians of {repeat}, in seconds: first verdict after a save · plain docker · ratio · whole report", bold=True)
    for number in numbers:
        lesson = lessons.find(number)
        times = measure(lesson, repeat)
        first, plain, whole = (statistics.median(taken) for taken in (times.first, times.plain, times.whole))
        worst = max(worst, times.ratio)
        screen.line(f"  lesson {lesson.number:>2}  {first:.2f} · {plain:.2f} · {times.ratio:.2f} · {whole:.2f}")
    return 0 if worst <= 1.25 else 1
