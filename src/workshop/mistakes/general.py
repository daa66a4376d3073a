"""The mistakes that hold for every lesson, in the order in which they are looked through: the special before the general."""

from __future__ import annotations

from workshop.mistakes.mistake import Mistake

GENERAL: tuple[Mistake, ...] = ()
