"""What the project's README says of the lessons: their table and the counts. It is written from the lessons, between markers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from workshop.course.lessons import Lesson, catalogue
from workshop.proof.answers import cases

ABLE = "You will be able to "


def table(lessons: list[Lesson]) -> str:
    """A row for each lesson: number, title, what its text says one will be able to do, and what it needs."""
    rows = ["| | lesson | you will be able to | needs |", "|---|---|---|---|"]
    for lesson in lessons:
        text = lesson.readme.relative_to(lesson.root).as_posix()
        rows.append(f"| {lesson.number} | [{lesson.title}]({text}) | {aim(lesson)} | {needs(lesson)} |")
    return "\n".join(rows)


def aim(lesson: Lesson) -> str:
    """What a student will be able to do: the sentence of the lesson's text, without its beginning and its full stop."""
    text = lesson.readme.read_text(encoding="utf-8")
    sentence = re.search(rf"^{ABLE}((?:.+\n?)+)", text, re.MULTILINE)
    return " ".join(sentence[1].split()).rstrip(".").replace("|", "\\|") if sentence else "…"


def needs(lesson: Lesson) -> str:
    """What a machine must have for a lesson, as its grader asks for it."""
    if lesson.needs_engine:
        return "Docker"
    if lesson.notebook:
        return "Redis and JupyterLab, which the workshop brings"
    return "Redis, which the workshop brings" if "redis" in lesson.needs else "Python"


def counts(lessons: list[Lesson]) -> str:
    """The line that says how much is proven."""
    kinds = [case.kind for lesson in lessons for case in cases(lesson)]
    checks = sum(len(lesson.promises) for lesson in lessons)
    wrong, right = kinds.count("wrong"), kinds.count("right") + kinds.count("solution")
    return f"{len(lessons)} lessons · {checks} checks · {wrong} wrong answers · {right} right answers"


PARTS: dict[str, Callable[[list[Lesson]], str]] = {"lessons": table, "counts": counts}


def rewritten(text: str, lessons: list[Lesson]) -> str:
    """The README with each part between its markers `<!-- NAME -->` and `<!-- /NAME -->` as it should be.

    Raises ValueError, with the name, if a pair of markers is missing.
    """
    for name, part in PARTS.items():
        before, begin, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        if not begin or not end:
            raise ValueError(f"README.md has no lines <!-- {name} --> and <!-- /{name} -->")
        text = f"{before}{begin}{part(lessons)}\n{end}{after}"
    return text


def fix(root: Path) -> bool:
    """Writes the README of a checkout where it is out of date; returns whether it was."""
    path = root / "README.md"
    old = path.read_text(encoding="utf-8")
    new = rewritten(old, catalogue(root))
    if new != old:
        path.write_text(new, encoding="utf-8", newline="\n")
    return new != old
