"""The project's README and the lessons' texts say what is true: counts, lessons, promises, links, pictures."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import unquote

import pytest

from workshop.course import lessons
from workshop.course.hints import folds
from workshop.course.lessons import Lesson
from workshop.course.places import ROOT
from workshop.proof import overview
from workshop.proof.new import left_to_say

README = ROOT / "README.md"
TEXTS = [
    README,
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "lessons").glob("*/README.md")),
]
WORD_LIMIT = 1500  # without the folded hints, and what comes after a pass
each_lesson = pytest.mark.parametrize(
    "lesson", [pytest.param(lesson, id=lesson.name) for lesson in lessons.catalogue()]
)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_table_and_the_counts_are_true() -> None:
    text = text_of(README)
    assert text == overview.rewritten(text, lessons.catalogue()), "`./workshop test --fix` writes them"


@each_lesson
def test_the_text_has_the_words_of_the_grader(lesson: Lesson) -> None:
    if "notebook" in lesson.needs:
        return  # the notebook tells each promise beside its exercise
    listed = [
        " ".join(item.split())
        for item in re.findall(r"^- ((?:.+\n)(?:  .+\n)*)", text_of(lesson.readme), re.MULTILINE)
    ]
    missing = [promise for promise in lesson.promises.values() if promise not in listed]
    assert not missing, "these promises are in no list of the text"


@each_lesson
def test_the_text_has_its_shape(lesson: Lesson) -> None:
    text = text_of(lesson.readme)
    assert text.startswith(f"# Lesson {lesson.number} · ")
    assert text.split("\n")[2].startswith(overview.ABLE)
    wanted = ["The idea", "Try it", "Your turn", "If you are stuck", "What you have learned", lessons.MORE]
    assert [title for title in re.findall(r"^## (.+)$", text, re.MULTILINE) if title in wanted] == wanted
    assert re.search(r"!\[[^\]]{20,}\]\(pictures/[\w-]+\.svg\)", text), "no picture of its own with a description"
    assert folds(text)
    assert lesson.more_to_try
    to_read = re.sub(r"<details>.*?</details>", "", text.partition(f"## {lessons.MORE}")[0], flags=re.DOTALL)
    assert len(to_read.split()) < WORD_LIMIT


@each_lesson
def test_nothing_is_left_for_its_author_to_say(lesson: Lesson) -> None:
    assert not left_to_say(lesson)


@pytest.mark.parametrize("path", [pytest.param(path, id=path.relative_to(ROOT).as_posix()) for path in TEXTS])
def test_links_inside_lead_somewhere(path: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", text_of(path), flags=re.MULTILINE | re.DOTALL)
    targets = [unquote(target.split("#")[0]) for target in re.findall(r"\]\((?!https?://|#)([^)\s]+)\)", prose)]
    assert not [target for target in targets if not (path.parent / target).exists()]


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(path, id=path.name)
        for path in sorted([*ROOT.glob("lessons/*/pictures/*.svg"), *ROOT.glob("docs/*.svg")])
    ],
)
def test_pictures_are_whole(picture: Path) -> None:
    root = ElementTree.parse(picture).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not re.search(r"""(?:href|src)=["'](?!#)|url\((?!["']?#)|@import""", text_of(picture)), (
        "it loads something from elsewhere"
    )
