"""The next hint of a lesson, in words: for the ✗ that is there."""

from __future__ import annotations

from workshop.course import hints
from workshop.course.lessons import Lesson
from workshop.course.progress import Failed, Progress
from workshop.reports.wrapping import paragraphs


def next_hint(lesson: Lesson, progress: Progress, failed: list[Failed]) -> str:
    """The next hint for what failed, remembered as shown. After the last it says so, and the next call starts over."""
    known, shown = hints.folds(lesson.text), progress.hints_open(lesson)
    place = hints.following(known, failed, shown)
    about = f" for ✗ {lesson.promises[failed[0].check]}" if failed and failed[0].check in lesson.promises else ""
    if place is None:
        progress.close_hints(lesson)
        return (
            f"  These were all the hints{about}. The next call starts over; `./workshop solution {lesson.number} --anyway` "
            "shows the solution."
        )
    progress.open_hint(lesson, place)
    found = known[place]
    helpful = hints.order(known, failed)
    return f"  Hint {helpful.index(place) + 1} of {len(helpful)}{about}\n\n{found.title}\n\n{paragraphs(found.text)}\n"
