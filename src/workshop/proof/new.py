"""A new lesson, laid out whole: a small one about a teapot that is proven at once, to be written over.

The files lie in `template/`, each with `.txt` after its name, under `lessons`, `solutions` and `answers`. `$number`, `$topic`, `$name` and
`$title` are filled in. SAY marks what only the author can say; a test of the texts finds what is left of it.
"""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from workshop.course.lessons import Lesson, catalogue
from workshop.proof import overview

TEMPLATE = Path(__file__).with_name("template")
TOPIC = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
SAY = "✎"


class CannotLay(Exception):
    """A lesson cannot be laid out. The text says why and what to do."""


def lay_out(number: int, topic: str, root: Path) -> list[Path]:
    """Writes the lesson `number` on `topic` into the checkout at `root`, and its row into the README; returns the files.

    Raises CannotLay before anything is written.
    """
    if not 1 <= number <= 99:
        raise CannotLay(f"A lesson's number is 1 to 99, not {number}.")
    if not TOPIC.fullmatch(topic):
        raise CannotLay(f"{topic} is no topic. Use small letters and digits, with _ between words: redis_streams.")
    for lesson in catalogue(root):
        if lesson.number == number or lesson.topic == topic:
            raise CannotLay(
                f"There is a lesson {lesson.number} already, {lesson.topic}. Take another number or topic."
            )
    name = f"{number:02}_{topic}"
    words = {"number": number, "topic": topic, "name": name, "title": topic.replace("_", " ").capitalize()}
    files = {}
    for path in sorted(TEMPLATE.rglob("*.txt")):
        kind, *inside = path.relative_to(TEMPLATE).with_suffix("").parts
        target = root.joinpath(kind, name, *inside)
        target = target.with_name(target.name.replace("topic", topic))
        files[target] = Template(path.read_text(encoding="utf-8")).safe_substitute(words)
    for target in files:
        if (folder := root.joinpath(*target.relative_to(root).parts[:2])).exists():
            raise CannotLay(
                f"{folder.relative_to(root).as_posix()} already exists. Remove it, or take another number."
            )
    for target, text in files.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    overview.fix(root)
    return list(files)


def left_to_say(lesson: Lesson) -> list[str]:
    """The lines of a lesson's text that its author has still to write."""
    return [line for line in lesson.readme.read_text(encoding="utf-8").splitlines() if SAY in line]
