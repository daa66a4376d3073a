"""The ways in which a check can end other than well. The grading plugin turns each into an outcome."""

from __future__ import annotations


class Mismatch(AssertionError):
    """The service answered, but not as promised: the check has failed."""

    def __init__(
        self, hint: str, *, asked: str | None = None, expected: str | None = None, actual: str | None = None
    ) -> None:
        super().__init__(hint)
        self.hint, self.asked, self.expected, self.actual = hint, asked, expected, actual


class NotUp(Exception):
    """Something that checks rest on never came up: the first check that asks for it has failed, the others are blocked."""

    def __init__(
        self, hint: str, *, asked: str | None = None, expected: str | None = None, actual: str | None = None
    ) -> None:
        super().__init__(hint)
        self.hint, self.asked, self.expected, self.actual = hint, asked, expected, actual


class Unchecked(Exception):
    """It could not be asked here: no engine, an image that cannot be had, our own fault. Never the student's."""

    def __init__(self, hint: str, *, actual: str | None = None) -> None:
        super().__init__(hint)
        self.hint, self.actual = hint, actual
