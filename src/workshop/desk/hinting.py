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
    if place is None:
        progress.close_hints(lesson)
        return (
            f"  These were all the hints. The next call starts over; `./workshop solution {lesson.number} --anyway` "
            "shows the solution."
        )
    progress.open_hint(lesson, place)
    found = known[place]
    helpful = hints.order(known, failed)
    about = next((f" for ✗ {lesson.promises[one.check]}" for one in failed if _is_for(found, one, lesson)), "")
    return f"  Hint {helpful.index(place) + 1} of {len(helpful)}{about}\n\n{found.title}\n\n{paragraphs(found.text)}\n"


def _is_for(fold: hints.Fold, failed: Failed, lesson: Lesson) -> bool:
    named = fold.names(failed.check) or bool(failed.mistake and fold.names(failed.mistake))
    return named and failed.check in lesson.promises
