"""The folded hints of a lesson's text, and which one comes next for what has failed.

A fold is `<details><summary>Title</summary>…</details>`. A comment after `<details>` names what it is for: `<!-- for: anything_else, debugger -->`.
Each word is the name of a check or of a mistake, or how several of them begin; `test_` may be left out. A fold without one is for the whole lesson.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from workshop.course.progress import Failed

STUCK = "If you are stuck"
FOLD = re.compile(
    r"<details>\s*(?:<!--\s*for:(?P<words>.*?)-->)?\s*<summary>(?P<title>.*?)</summary>(?P<text>.*?)</details>",
    re.DOTALL,
)


class Fold(NamedTuple):
    """One folded hint. `words` name the checks and mistakes that it is for; without any it is for the whole lesson."""

    title: str
    text: str
    words: tuple[str, ...]

    def names(self, name: str) -> bool:
        """Whether it is for this check, or this mistake."""
        return any(f"{name.removeprefix('test_')}_".startswith(f"{word}_") for word in self.words)


def folds(text: str) -> list[Fold]:
    """The folded hints of a lesson's text, in order: those of its section “If you are stuck”."""
    section = re.search(rf"^## {STUCK}\s*$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return [
        Fold(
            found["title"].strip(),
            found["text"].strip(),
            tuple(word.removeprefix("test_") for word in re.findall(r"\w+", found["words"] or "")),
        )
        for found in FOLD.finditer(section[1] if section else text)
    ]


def order(known: list[Fold], failed: list[Failed]) -> list[int]:
    """The places of the folds that help with what failed, the best first: those for the mistake of the first check that failed, those for
    that check, those for the next ones, then those for the whole lesson. If none is for what failed, or nothing has, all of them as they stand.
    """
    chosen: list[int] = []
    for check, mistake in failed:
        chosen += [place for place, fold in enumerate(known) if mistake and fold.names(mistake)]
        chosen += [place for place, fold in enumerate(known) if fold.names(check)]
    if not chosen:
        return list(range(len(known)))
    return list(dict.fromkeys([*chosen, *(place for place, fold in enumerate(known) if not fold.words)]))


def following(known: list[Fold], failed: list[Failed], shown: Collection[int]) -> int | None:
    """The place of the next fold to open; None if all that help are open."""
    return next((place for place in order(known, failed) if place not in shown), None)
