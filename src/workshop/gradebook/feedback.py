"""A student's page: each lesson's promises, what became of them, and why. As HTML, and as Markdown for a comment or a mail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from workshop.gradebook.classbook import Line
from workshop.gradebook.marks import shown
from workshop.gradebook.pages import claim, document, text
from workshop.handins.names import Student
from workshop.report import UNTOUCHED, Check, Outcome
from workshop.reports.wrapping import plain

MARKS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.BLOCKED: "·", Outcome.UNCHECKED: "?"}
UNKNOWN = "The cause is not known. Compare what was expected with what came back."
SIGNS = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&@:])")


def facts(check: Check) -> Iterator[tuple[str, str, bool]]:
    """What there is to say of a check that did not pass: a label, a text, and whether that was written by a program."""
    because = check.hint or (UNKNOWN if check.outcome is Outcome.FAILED else "")
    if because:
        yield "because", because, False
    for label, said in (("asked", check.asked), ("expected", check.expected), ("got", check.actual)):
        if said and check.mistake != UNTOUCHED:
            yield label, said, True


def points(line: Line) -> str:
    """The points of a line in words, with what was taken off for being late."""
    mark = line.mark
    if mark.final is None:
        return f"{shown(mark.points)} of {shown(mark.out_of)} points so far; there is no final grade yet"
    days = f"{mark.days_late} day{'s' if mark.days_late > 1 else ''}"
    taken = f"; {shown(mark.penalty)} taken off, {days} late" if mark.penalty else ""
    return f"{shown(mark.final)} of {shown(mark.out_of)} points{taken}"


def html(student: Student, lines: Sequence[Line]) -> str:
    """The student's page."""
    parts = [
        f"<h1>{text(student.name)}</h1>",
        '<p class="soft">✓ passed · ✗ failed · “·” not asked, since another failed · ? could not be asked</p>',
    ]
    for line in lines:
        lesson = line.lesson
        parts.append(f'<h2 id="{text(lesson.name)}">Lesson {lesson.number} · {text(lesson.title)}</h2>')
        parts.append(f"<p>{text(line.verdict)} · {text(points(line))}</p>")
        if line.mark.note:
            parts.append(f'<p class="soft">{text(line.mark.note)}</p>')
        if line.report:
            items = "".join(_item(check) for check in line.report.checks)
            parts.append(f'<ul class="checks">{items}</ul>')
    return document(f"{student.name}: feedback", "\n".join(parts))


def _item(check: Check) -> str:
    rows = "".join(
        f"<dt>{label}</dt><dd>{f'<pre>{text(said)}</pre>' if is_code else text(said)}</dd>"
        for label, said, is_code in (facts(check) if check.outcome is not Outcome.PASSED else ())
    )
    return f"<li>{MARKS[check.outcome]} {claim(check.claim)}{f'<dl>{rows}</dl>' if rows else ''}</li>\n"


def markdown(student: Student, lines: Sequence[Line]) -> str:
    """The same as Markdown. What a student's program said stands in fences that it cannot end."""
    parts = [f"# {escaped(student.name)}"]
    for line in lines:
        parts.append(f"## Lesson {line.lesson.number} · {escaped(line.lesson.title)}")
        parts.append(f"{escaped(line.verdict)} · {escaped(points(line))}")
        if line.mark.note:
            parts.append(escaped(line.mark.note))
        for check in line.report.checks if line.report else ():
            parts.append(f"- {MARKS[check.outcome]} {escaped(check.claim)}")
            for label, said, is_code in facts(check) if check.outcome is not Outcome.PASSED else ():
                parts.append(f"  {label}:\n\n{fenced(said)}" if is_code else f"  {label}: {escaped(said)}")
    return "\n\n".join(parts) + "\n"


def escaped(words: str) -> str:
    """Words in which nothing is taken for Markdown or HTML, on one line."""
    return SIGNS.sub(r"\\\1", " ".join(plain(words).split()))


def fenced(words: str) -> str:
    """A block of code, indented into its list item, behind a fence that is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`+", words)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join(f"  {row}" for row in (f"{fence}text", *plain(words).splitlines(), fence))
