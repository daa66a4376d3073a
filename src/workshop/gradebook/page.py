"""The gradebook: students and lessons as a heat map, which checks the class fails most and by which mistakes, and what is alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from urllib.parse import quote

from workshop.course.hints import folds
from workshop.course.lessons import Lesson
from workshop.gradebook.classbook import NOTHING, WAITING, Classbook, Line
from workshop.gradebook.marks import shown
from workshop.gradebook.pages import claim, document, text
from workshop.handins.names import Student
from workshop.report import Outcome

LISTED = 15  # checks that a class fails most
FEW = 8  # lines without a final grade that are shown at once
ALIKE_FROM = 2  # students with one and the same work
STEPS = ((1.0, "good"), (0.66, "fair"), (0.33, "poor"), (0.0, "bad"))
KEY = {
    "good": "all points",
    "fair": "two thirds or more",
    "poor": "a third or more",
    "bad": "less",
    "open": "no final grade yet",
    "none": "nothing handed in",
}


def page(book: Classbook) -> str:
    """The gradebook as a page."""
    graded = sum(line.report is not None for line in book)
    parts = [
        "<h1>Gradebook</h1>",
        f'<p class="soft">{len(book.students)} students · {len(book.lessons)} lessons · {graded} graded</p>',
        *_unsettled(book),
        "<h2>Students and lessons</h2>",
        '<p class="key">' + " ".join(f'<span class="{name}">{words}</span>' for name, words in KEY.items()) + "</p>",
        _heat(book),
        "<h2>What the class fails most</h2>",
        *_failed(book),
        *_alike(book),
    ]
    return document("Gradebook", "\n".join(parts))


def _link(student: Student, lesson: Lesson | None = None) -> str:
    return f"feedback/{quote(student.key)}.html" + (f"#{quote(lesson.name)}" if lesson else "")


def _colour(line: Line) -> str:
    mark = line.mark
    if line.verdict == NOTHING:
        return "none"
    if mark.final is None:
        return "open"
    share = mark.final / mark.out_of if mark.out_of else 1.0
    return next(name for least, name in STEPS if share >= least)


def _heat(book: Classbook) -> str:
    head = "".join(f'<th scope="col" title="{text(one.title)}">{one.number}</th>' for one in book.lessons)
    rows = []
    for student in book.students:
        cells = "".join(_cell(line) for line in book.of(student))
        total = book.total(student)
        named = f'<th scope="row"><a href="{text(_link(student))}">{text(student.name)}</a></th>'
        rows.append(f"<tr>{named}{cells}<td>{'–' if total is None else shown(total)}</td></tr>")
    top = f'<thead><tr><th scope="col">Student</th>{head}<th scope="col">of {shown(book.out_of)}</th></tr></thead>'
    region = '<div class="scroll" tabindex="0" role="region" aria-label="Points of each student in each lesson">'
    return f'{region}<table class="heat">{top}<tbody>{"".join(rows)}</tbody></table></div>'


def _cell(line: Line) -> str:
    mark, colour = line.mark, _colour(line)
    words = {"none": "–", "open": "?"}.get(colour) or shown(mark.final or 0.0)
    about = f"{line.student.name}, lesson {line.lesson.number}: {line.verdict}, {words} of {shown(mark.out_of)}"
    inner = (
        f'<a href="{text(_link(line.student, line.lesson))}" aria-label="{text(about)}">{words}</a>'
        if line.row
        else words
    )
    return f'<td class="{colour}">{inner}</td>'


def _unsettled(book: Classbook) -> Iterator[str]:
    waiting = [line for line in book.unsettled if line.verdict != WAITING]
    queued = len(book.unsettled) - len(waiting)
    if queued:
        yield f"<p>{queued} are not graded yet. The same call goes on.</p>"
    if waiting:
        is_open = " open" if len(waiting) <= FEW else ""
        yield f"<details{is_open}><summary>{len(waiting)} without a final grade</summary><ul>"
        for line in waiting:
            name = f'<a href="{text(_link(line.student, line.lesson))}">{text(line.student.name)}, lesson {line.lesson.number}</a>'
            yield f"<li>{name}: {text(line.mark.todo)}</li>"
        yield "</ul></details>"


def _failed(book: Classbook) -> Iterator[str]:
    counted: Counter[tuple[str, str]] = Counter()
    lines: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in book:
        for check in line.failed:
            counted[line.lesson.name, check.id] += 1
            lines[line.lesson.name, check.id].append(line)
    if not counted:
        yield "<p>Nothing failed.</p>"
    for (lesson_name, check_id), count in counted.most_common(LISTED):
        lesson = next(one for one in book.lessons if one.name == lesson_name)
        asked = sum(line.report is not None for line in book if line.lesson.name == lesson_name)
        promise = lesson.promises.get(check_id, check_id)
        yield f"<h3>Lesson {lesson.number} · {claim(promise)}</h3><p>{count} of {asked} failed it. To explain again: {text(_passage(lesson, check_id, None))}.</p><ul>"
        for mistake, shown_by in _mistakes(lines[lesson_name, check_id], check_id):
            line = shown_by[0]
            hint = next(check.hint for check in line.failed if check.id == check_id) or ""
            look = f'<a href="{text(_link(line.student, lesson))}">{text(line.student.name)}</a>'
            words = f"<strong>{text(mistake.replace('_', ' '))}</strong>" if mistake else "the cause is not known"
            passage = _passage(lesson, check_id, mistake)
            where = f" Text: {text(passage)}." if passage != _passage(lesson, check_id, None) else ""
            yield f"<li>{len(shown_by)} × {words}; for instance {look}. <span class='soft'>{text(hint)}{where}</span></li>"
        yield "</ul>"


def _mistakes(lines: list[Line], check_id: str) -> list[tuple[str | None, list[Line]]]:
    """Those who failed a check by the mistake that was found, the most frequent first."""
    by: dict[str | None, list[Line]] = defaultdict(list)
    for line in lines:
        by[next(check.mistake for check in line.failed if check.id == check_id)].append(line)
    return sorted(by.items(), key=lambda item: -len(item[1]))


def _passage(lesson: Lesson, check_id: str, mistake: str | None) -> str:
    """Where the lesson's text is about a check or a mistake: the folded hint that is for it, or the text as a whole."""
    known = folds(lesson.text)
    named = next((fold for fold in known if mistake and fold.names(mistake)), None)
    named = named or next((fold for fold in known if fold.names(check_id)), None)
    place = f"lessons/{lesson.name}/README.md"
    return f"{place}, “{named.title}”" if named else place


def _alike(book: Classbook) -> Iterator[str]:
    """Students whose work is the same to the last byte, the untouched starter left out."""
    same: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in book:
        if line.row and line.row.folder and line.report and not _is_starter(line):
            same[line.lesson.name, line.row.digest].append(line)
    groups = [lines for lines in same.values() if len(lines) >= ALIKE_FROM]
    if groups:
        yield "<h2>The same to the last byte</h2><p>This proves nothing by itself: a short exercise has few answers.</p><ul>"
        for lines in groups:
            names = ", ".join(text(line.student.name) for line in lines)
            yield f"<li>Lesson {lines[0].lesson.number}: {names}</li>"
        yield "</ul>"


def _is_starter(line: Line) -> bool:
    checks = line.report.checks if line.report else ()
    return any(check.mistake == "starter_untouched" for check in checks if check.outcome is Outcome.FAILED)
