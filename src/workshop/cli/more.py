"""`workshop more [N]`"""

from __future__ import annotations

import click

from workshop.cli import options
from workshop.course.places import shown_path
from workshop.course.progress import Progress
from workshop.grading.asking import for_hands
from workshop.proof.answers import other_ways
from workshop.reports.wrapping import paragraphs

WAYS = 2  # that are shown
ASKED = 5  # of what was asked at the last pass


@click.command()
@options.number
@click.option("--anyway", is_flag=True, help="Even if the lesson is not passed yet.")
def more(number: str | None, anyway: bool) -> int:
    """After a pass: what was asked and came back, two other right answers, and one more thing to try.

    Without N: of the lesson worked on last.
    """
    lesson, screen, progress = options.latest(number), options.screen(), Progress()
    if not anyway and not progress.has_passed(lesson):
        screen.line(
            f"Lesson {lesson.number} is not passed yet. `./workshop hint {lesson.number}` helps; `--anyway` shows it all the same."
        )
        return 1
    screen.line(f" Lesson {lesson.number} · {lesson.title}", bold=True)
    if heard := progress.heard(lesson):
        screen.line("\n What was asked when you passed, and what came back", bold=True)
        for one in heard[:ASKED]:
            screen.line(f"  ✓ {one.claim}", hang=2, fg="green")
            screen.field("asked", for_hands(one.asked, lesson), dim=True)
            screen.field("got", one.got, dim=True)
    for way in other_ways(lesson)[:WAYS]:
        screen.line(f"\n Another way: {way.differs}", hang=1, bold=True)
        for path in way.files:
            screen.line(f"\n── {shown_path(path)}", bold=True)
            screen.line(path.read_text(encoding="utf-8", errors="replace").rstrip())
    if lesson.more_to_try:
        screen.line("\n One more thing to try", bold=True)
        screen.line(paragraphs(lesson.more_to_try))
    return 0
