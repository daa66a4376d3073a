"""A lesson's text, and what goes with it, as HTML for the page. The texts are the course's own; all else is escaped."""

from __future__ import annotations

import itertools
import re
from html import escape
from pathlib import Path

from workshop.course import hints
from workshop.course.lessons import Lesson
from workshop.course.places import shown_path
from workshop.course.progress import Progress
from workshop.grading.asking import for_hands
from workshop.proof.answers import other_ways
from workshop.web.site import coursemap

OF_A_LESSON = re.compile(r'href="\.\./(\d\d_\w+)/README\.md(?:#[^"]*)?"')
OUT_OF_PLACE = re.compile(r'<a href="\.\./[^"]*">(.*?)</a>', re.DOTALL)
WAYS, ASKED = 2, 5  # of other right answers, and of what was asked, that are shown


def rendered(markdown: str) -> str:
    """Markdown of the course as HTML."""
    import mistune  # loaded for whoever reads in a browser

    return str(mistune.create_markdown(escape=False, plugins=["table", "strikethrough", "url"])(markdown))


def lesson_page(lesson: Lesson) -> str:
    """The text. Its folds carry their place (`data-fold`), links to other lessons their name (`data-lesson`), its pictures are found beside it."""
    html = rendered(re.sub(r"<!--\s*for:.*?-->", "", lesson.text, flags=re.DOTALL))
    html = html.replace('src="pictures/', f'src="lessons/{lesson.name}/pictures/')
    html = OF_A_LESSON.sub(r'href="#" data-lesson="\1"', html)
    html = OUT_OF_PLACE.sub(r"\1", html)
    head, mark, rest = html.partition(f"<h2>{hints.STUCK}</h2>")
    places = itertools.count()
    rest = re.sub(r"<details>", lambda _: f'<details data-fold="{next(places)}">', rest)
    return (
        head + mark + rest if mark else re.sub(r"<details>", lambda _: f'<details data-fold="{next(places)}">', html)
    )


def hint(lesson: Lesson, place: int) -> str:
    """One folded hint."""
    return rendered(hints.folds(lesson.text)[place].text)


def course_map(lessons: list[Lesson]) -> str:
    """The map of the course, with what is passed; each lesson leads to itself by its name, as `#03_dockerfile`."""
    progress = Progress()
    passed = {lesson.name for lesson in lessons if progress.has_passed(lesson)}
    return coursemap.picture(lessons, coursemap.rests_on(lessons), lambda lesson: f"#{lesson.name}", passed)


def _code(text: str) -> str:
    """A sentence in which what stands between backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _file(path: Path) -> str:
    text = path.read_text(encoding="utf-8", errors="replace").rstrip()
    return f"<h3>{escape(shown_path(path))}</h3><pre><code>{escape(text)}</code></pre>"


def solution(lesson: Lesson) -> str:
    """The files of the solution that were not given."""
    starter, parts = lesson.starter(), []
    for name, path in lesson.finished().items():
        if name in starter and path.read_bytes() == starter[name].read_bytes():
            continue
        parts.append(
            f"<p>{escape(shown_path(path))}: open it in JupyterLab.</p>" if path.suffix == ".ipynb" else _file(path)
        )
    return "".join(parts)


def more(lesson: Lesson) -> str:
    """What was asked at the last pass, other right answers, and one more thing to try."""
    parts = []
    if heard := Progress().heard(lesson):
        rows = "".join(
            f"<li>{_code(one.claim)}<dl><dt>asked</dt><dd><code>{escape(for_hands(one.asked, lesson))}</code></dd>"
            f"<dt>got</dt><dd><code>{escape(one.got)}</code></dd></dl></li>"
            for one in heard[:ASKED]
        )
        parts.append(f"<h3>What was asked when you passed, and what came back</h3><ul>{rows}</ul>")
    for way in other_ways(lesson)[:WAYS]:
        parts.append(
            f"<h3>Another way: {_code(way.differs)}</h3>" + "".join(map(_file, way.files)).replace("h3>", "h4>")
        )
    if lesson.more_to_try:
        parts.append(f"<h3>One more thing to try</h3>{rendered(lesson.more_to_try)}")
    return "".join(parts) or "<p>There is nothing more to this lesson.</p>"
