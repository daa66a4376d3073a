"""The map of the course: how long each lesson takes, what it rests on, and a picture of both. All of it is read from the lessons' texts."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Collection, Mapping
from html import escape
from typing import NamedTuple

from workshop.course.lessons import Lesson
from workshop.course.places import ROOT

GLOSSARY = ROOT / "docs" / "glossary.md"
ENTRY = re.compile(r"^- \*\*(.+?)\*\*: (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"\b[Ll]essons? (\d+)(?:(?: and|,) (\d+))*")
FOLD = re.compile(r"<details>.*?</details>", re.DOTALL)

WORDS, COMMANDS, CHECKS = 120, 1.0, 0.8  # words a minute, minutes for a block of commands, minutes for a check
OFTEN = 5  # times that a lesson must use a word to rest on the one that explains it


class Term(NamedTuple):
    """A word of the glossary."""

    name: str
    meaning: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds it in a text, also in the plural."""
        return re.compile(rf"\b{re.escape(self.name)}(?:e?s)?\b", re.IGNORECASE)


@functools.cache
def glossary() -> tuple[Term, ...]:
    """The words of the glossary, in its order."""
    return tuple(Term(*found) for found in ENTRY.findall(GLOSSARY.read_text(encoding="utf-8")))


def cells(lesson: Lesson) -> str:
    """The text of a lesson's notebook, without its code; empty if the lesson has none."""
    if lesson.notebook is None:
        return ""
    found = json.loads(lesson.notebook.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in found if cell["cell_type"] == "markdown")


def prose(lesson: Lesson) -> str:
    """All that a student reads of a lesson: no commands, no pictures, no folded hints."""
    text = FENCE.sub("", FOLD.sub("", f"{lesson.text}\n\n{cells(lesson)}"))
    return re.sub(r"<[^>]+>", "", text)


def minutes(lesson: Lesson) -> int:
    """An estimate: what there is to read, to run and to build, to the next five minutes."""
    blocks = len(re.findall(r"^```sh", lesson.text, re.MULTILINE))
    found = len(prose(lesson).split()) / WORDS + blocks * COMMANDS + len(lesson.promises) * CHECKS
    return max(5, 5 * round(found / 5))


def introduced(lessons: list[Lesson]) -> dict[str, Lesson]:
    """The words of the glossary, each with the first lesson that explains it: the word is in bold there."""
    found: dict[str, Lesson] = {}
    for lesson in lessons:
        bold = [words.strip(".: ") for words in re.findall(r"\*\*([^*]+)\*\*", prose(lesson))]
        for term in glossary():
            if term.name not in found and any(term.pattern.fullmatch(words) for words in bold):
                found[term.name] = lesson
    return found


def rests_on(lessons: list[Lesson]) -> dict[str, list[Lesson]]:
    """For each lesson, by name, the earlier ones that it rests on: those that its text names, and those whose words it uses.

    One that another of them rests on already is left out.
    """
    by_number = {lesson.number: lesson for lesson in lessons}
    explained = introduced(lessons)
    all_of: dict[str, set[str]] = {}
    direct: dict[str, list[Lesson]] = {}
    for lesson in lessons:
        text = prose(lesson)
        numbers = {int(number) for found in NAMED.finditer(text) for number in re.findall(r"\d+", found[0])}
        named = {by_number[number].name for number in numbers if number in by_number and number < lesson.number}
        terms = [term for term in glossary() if term.name in explained and len(term.pattern.findall(text)) >= OFTEN]
        used = {explained[term.name] for term in terms}
        below = named | {one.name for one in used if one.number < lesson.number}
        indirect = set().union(*(all_of[name] for name in below)) if below else set()
        all_of[lesson.name] = below | indirect
        direct[lesson.name] = [one for one in lessons if one.name in below - indirect]
    return direct


GUTTER, BOX, ROW, EDGE = (
    130,
    (330, 34),
    44,
    8,
)  # what the lines take, a lesson's width and height, from one to the next, the margin
STYLE = """
    .way { fill: none; stroke: #8c959f; stroke-width: 1.8; }
    .end { fill: #57606a; }
    .box { fill: #ffffff; stroke: #57606a; stroke-width: 1.5; }
    .passed { fill: #dafbe1; stroke: #1a7f37; }
    .ink { fill: #1f2328; }
    .soft { fill: #57606a; }
"""
DARK = """
      .way { stroke: #6e7681; }
      .end { fill: #9da7b3; }
      .box { fill: #151b23; stroke: #8b949e; }
      .passed { fill: #12261e; stroke: #3fb950; }
      .ink { fill: #f0f6fc; }
      .soft { fill: #a8b3c0; }
"""


def picture(
    lessons: list[Lesson],
    below: Mapping[str, list[Lesson]],
    address: Callable[[Lesson], str],
    passed: Collection[str] = (),
) -> str:
    """The map as an SVG: the lessons in their order, each a box that leads to it, and lines at the side to those it rests on.

    `passed` are names of lessons. Its colours are those of the page around it: the site has a switch for light and dark.
    """
    rows = {lesson.name: EDGE + place * ROW + BOX[1] / 2 for place, lesson in enumerate(lessons)}
    left = EDGE + GUTTER
    parts = []
    for lesson in lessons:
        for one in below[lesson.name]:
            start, end = rows[one.name], rows[lesson.name]
            reach = left - min(GUTTER - 6, 26 + 14 * (lessons.index(lesson) - lessons.index(one)))
            parts.append(
                f'<path class="way" d="M{left} {start + 5:g} C{reach:g} {start + 5:g} {reach:g} {end - 5:g} {left - 7} {end - 5:g}"/>'
                f'<path class="end" d="M{left - 1} {end - 5:g} l-9 -5 v10 z"/>'
            )
    for lesson in lessons:
        y, is_passed = rows[lesson.name], lesson.name in passed
        title = f"{'✓ ' if is_passed else ''}{lesson.number} · {lesson.title}"
        parts.append(
            f'<a href="{escape(address(lesson))}"><rect class="box{" passed" if is_passed else ""}" x="{left}" y="{y - BOX[1] / 2:g}" '
            f'width="{BOX[0]}" height="{BOX[1]}" rx="8"/><text class="ink" x="{left + 12}" y="{y + 5:g}" font-size="{15 if len(title) <= 28 else 13}">{escape(_cut(title))}</text>'
            f'<text class="soft" x="{left + BOX[0] - 12}" y="{y + 5:g}" font-size="13" text-anchor="end">{minutes(lesson)} min</text></a>'
        )
    wide, high = left + BOX[0] + EDGE, 2 * EDGE + ROW * len(lessons) - (ROW - BOX[1])
    return (
        f'<svg class="course-map" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" role="group" '
        f'aria-label="Map of the course: the table below says the same" font-family="Helvetica, Arial, sans-serif">{"".join(parts)}</svg>'
    )


def style() -> str:
    """The colours of the map, for the page that it stands in: light, and dark if that is chosen, or if the system is and nothing is chosen."""

    def within(place: str, rules: str) -> str:
        return "".join(f"{place} .course-map {rule.strip()}\n" for rule in rules.strip().splitlines())

    return (
        within("body", STYLE)
        + within('body[data-theme="dark"]', DARK)
        + "@media (prefers-color-scheme: dark) {\n"
        + within('body:not([data-theme="light"])', DARK)
        + "}\n"
    )


def _cut(title: str, most: int = 38) -> str:
    return title if len(title) <= most else f"{title[: most - 1].rstrip()}…"
