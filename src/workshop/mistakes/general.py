"""The mistakes that hold for every lesson, in the order in which they are looked through: the special before the general."""

from __future__ import annotations

from workshop.mistakes import build, compose, health, unexplained
from workshop.mistakes.mistake import Mistake, mistakes_in

GENERAL: tuple[Mistake, ...] = (
    *mistakes_in(build),
    *mistakes_in(compose),
    *mistakes_in(health),
    *mistakes_in(unexplained),
)
