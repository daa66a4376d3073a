"""Seeded random data for probes: fresh in each run, the same again with the same seed."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")
LETTERS = string.ascii_lowercase
SPICE = ["é", "ß", "ø", "漢", "字", "😀", "🦊", '"', "'", "\\", "&", "<b>", "%", "{}", "\n", "\t", " "]


class Some:
    """Random keys, words, texts and numbers, drawn from one seed for each check."""

    def __init__(self, seed: int, check: str) -> None:
        self.random = random.Random(f"{seed}/{check}")

    def word(self, length: int = 8) -> str:
        """A lower-case word."""
        return "".join(self.random.choices(LETTERS, k=length))

    def words(self, count: int, length: int = 8) -> list[str]:
        """`count` different words."""
        words: dict[str, None] = {}
        while len(words) < count:
            words[self.word(length)] = None
        return list(words)

    def name(self) -> str:
        """A word with a capital letter."""
        return self.word(6).capitalize()

    def key(self) -> str:
        """A key that nothing else uses."""
        return f"{self.word(5)}:{self.word(7)}"

    def text(self) -> str:
        """A sentence without surprises."""
        return " ".join(self.words(3, 5))

    def spicy(self) -> str:
        """A text with quotes, emoji, line ends and other things that break what is careless."""
        parts = [*self.words(3, 4), *SPICE]
        self.random.shuffle(parts)
        return f"{self.word(3)}{''.join(parts)}{self.word(3)}"

    def number(self, low: int = 1, high: int = 1000) -> int:
        """A whole number from `low` to `high`, both included."""
        return self.random.randint(low, high)

    def one_of(self, things: Sequence[T]) -> T:
        """One of the things."""
        return self.random.choice(things)

    def shuffled(self, things: Iterable[T]) -> list[T]:
        """The things in a random order; three or more come neither as they are nor backwards."""
        known = list(things)
        order = drawn = list(range(len(known)))
        while drawn in (order, order[::-1]):
            drawn = self.random.sample(order, len(order))
            if len(order) < 3:
                break
        return [known[place] for place in drawn]
