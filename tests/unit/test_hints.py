"""Which folded hint comes next: for what failed, and bound to checks and mistakes that there are."""

import re
from types import SimpleNamespace

import pytest

from workshop.course import hints, lessons
from workshop.course.progress import Failed
from workshop.desk.hinting import next_hint
from workshop.report import UNTOUCHED

TEXT = """
<details><!-- for: answers, first_page --><summary>Begin</summary>

One.
</details>
<details><summary>For all</summary>Two.</details>
<details>
<!-- for: test_debugger_is_off, runs_with_debug -->
<summary>Debugger</summary>Three.</details>
<details><!-- for: greets --><summary>Names</summary>Four.</details>
"""
FOLDS = hints.folds(TEXT)


def titles(failed):
    return [FOLDS[place].title for place in hints.order(FOLDS, failed)]


def test_a_fold_is_read():
    assert [(fold.title, fold.text) for fold in FOLDS] == [
        ("Begin", "One."),
        ("For all", "Two."),
        ("Debugger", "Three."),
        ("Names", "Four."),
    ]


def test_what_failed_comes_first_and_what_passed_not_at_all():
    assert titles([Failed("test_debugger_is_off", None)]) == ["Debugger", "For all"]
    assert titles([Failed("test_greets_by_name", None), Failed("test_debugger_is_off", None)]) == [
        "Names",
        "Debugger",
        "For all",
    ]


def test_the_mistake_that_was_found_comes_before_its_check():
    assert titles([Failed("test_answers_from_outside", "runs_with_debug")]) == ["Debugger", "Begin", "For all"]


def test_where_none_fits_or_nothing_failed_they_come_as_they_stand():
    every = ["Begin", "For all", "Debugger", "Names"]
    assert titles([]) == titles([Failed("test_other", "another")]) == every


def test_the_next_one_is_one_that_was_not_shown():
    failed = [Failed("test_debugger_is_off", None)]
    shown = set()
    while (place := hints.following(FOLDS, failed, shown)) is not None:
        shown.add(place)
    assert shown == {1, 2}


def test_a_word_names_whole_parts_of_a_name():
    fold = hints.Fold("", "", ("set", "test_get"))
    assert fold.names("test_set_answers") and fold.names("set") and not fold.names("test_settings")


def test_the_hint_names_the_failed_check_that_it_is_for():
    lesson = lessons.find("7")
    progress = SimpleNamespace(hints_open=lambda _: set(), open_hint=lambda *_: None)
    none, text = (
        Failed("test_that_an_update_took_away", None),
        Failed("test_any_text_survives_the_round_trip", None),
    )
    assert "✗" not in next_hint(lesson, progress, [none]).splitlines()[0]
    assert f"for ✗ {lesson.promises[text.check]}" in next_hint(lesson, progress, [none, text]).splitlines()[0]


@pytest.mark.parametrize("lesson", [pytest.param(lesson, id=lesson.name) for lesson in lessons.catalogue()])
def test_what_a_fold_is_for_is_there(lesson):
    known = [
        UNTOUCHED,
        *lesson.promises,
        *re.findall(r"^def (\w+)", lesson.mistakes.read_text(encoding="utf-8"), re.MULTILINE),
    ]
    known += re.findall(
        r"^def (\w+)",
        "\n".join(
            path.read_text(encoding="utf-8")
            for room in ("mistakes", "causes")
            for path in (lessons.ROOT / "src/workshop" / room).glob("*.py")
        ),
        re.MULTILINE,
    )
    folds = hints.folds(lesson.text)
    section = lesson.text.partition("## If you are stuck")[2]
    assert folds and len(folds) == section.count("<details>")
    unknown = [
        word
        for fold in folds
        for word in fold.words
        if not any(hints.Fold("", "", (word,)).names(name) for name in known)
    ]
    assert not unknown
    assert not [check for check in lesson.promises if not any(fold.names(check) for fold in folds)]
