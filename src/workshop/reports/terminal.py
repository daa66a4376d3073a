"""A report on a terminal: one line a check, and under each that failed what was asked, what came back, and the likely cause."""

from __future__ import annotations

import shutil
import textwrap
from typing import IO

import click

from workshop.report import Check, Outcome, Report

MARKS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.BLOCKED: "·", Outcome.UNCHECKED: "?"}
COLOURS = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.BLOCKED: "bright_black",
    Outcome.UNCHECKED: "yellow",
}
INDENT = " " * 6
LABEL = 10  # columns of the labels asked, expected, got, because
WIDEST = 120
UNKNOWN = "The cause is not known. Compare what was expected with what came back."


class Terminal:
    """Writes reports as they come about. Colours only if `stream` is a terminal; plain marks if it cannot show the characters."""

    def __init__(self, stream: IO[str], width: int | None = None) -> None:
        self.stream = stream
        self._width = width
        encoding = (getattr(stream, "encoding", None) or "ascii").lower()
        self.plain = not encoding.startswith("utf")
        self._fault: str | None = None
        self._passing = False  # whether the last line is one that the next takes the place of

    @property
    def width(self) -> int:
        """Columns to write in."""
        return min(self._width or shutil.get_terminal_size((100, 24)).columns, WIDEST)

    def line(self, text: str = "", **style: object) -> None:
        """One line of text, styled as click.style does it."""
        if self.plain:
            text = text.translate(
                {
                    ord("✓"): "+",
                    ord("✗"): "x",
                    ord("·"): "-",
                    ord("…"): "...",
                    ord("→"): "->",
                    ord("“"): '"',
                    ord("”"): '"',
                }
            )
            text = text.encode("ascii", "replace").decode()
        if self._passing:
            click.echo("\r\x1b[K", file=self.stream, nl=False)
            self._passing = False
        click.echo(click.style(text, **style) if style else text, file=self.stream)  # type: ignore[arg-type]

    def begin(self, claim: str) -> None:
        """Shows, on a terminal, which check is being asked now; the next line takes its place."""
        if self.stream.isatty() and not self.plain:
            text = f"  … {claim}"
            click.echo(click.style(f"\r\x1b[K{text[: self.width - 1]}", fg="bright_black"), file=self.stream, nl=False)
            self._passing = True

    def head(self, number: int, title: str, note: str) -> None:
        """The line above a lesson's checks."""
        left = f" Lesson {number} · {title}"
        self.line(f"{left}{note:>{max(2, self.width - len(left))}}", bold=True)

    def check(self, check: Check) -> None:
        """One check: its claim, and what to know about it where it did not pass."""
        aside = f"{check.seconds:.1f} s" if check.seconds >= 1 else ""
        if check.outcome is Outcome.BLOCKED:
            aside = "blocked by the ✗ above"
        self.line(f"  {MARKS[check.outcome]} {check.claim}  {aside}".rstrip(), fg=COLOURS[check.outcome])
        if check.outcome in (Outcome.FAILED, Outcome.UNCHECKED):
            for label, text in (
                ("asked", check.asked),
                ("expected", check.expected),
                ("got", check.actual),
                ("because", check.hint or (UNKNOWN if check.outcome is Outcome.FAILED else None)),
                ("fault", self._new_fault(check.fault)),
            ):
                if text:
                    self._field(label, text, dim=label != "because")

    def _new_fault(self, fault: str | None) -> str | None:
        """A grader's fault, unless it is the one that was shown last."""
        is_known, self._fault = fault == self._fault, fault
        return None if is_known else fault

    def _field(self, label: str, text: str, dim: bool) -> None:
        room = max(30, self.width - len(INDENT) - LABEL)
        lines: list[str] = []
        for part in text.splitlines() or [""]:
            if label == "asked":  # stays in one line, so that it can be copied
                lines.append(part)
            else:
                lines += textwrap.wrap(
                    part, room, subsequent_indent="", drop_whitespace=True, break_on_hyphens=False
                ) or [""]
        for number, line in enumerate(lines):
            self.line(f"{INDENT}{label if number == 0 else '':<{LABEL}}{line}", dim=dim)

    def foot(self, report: Report, next_step: str) -> None:
        """The line below a lesson's checks."""
        passed = report.count(Outcome.PASSED)
        self.line(f" {passed} of {len(report.checks)} · {report.runtime} · {report.seconds:.1f} s · {next_step}")
        if report.runtime == "embedded":
            self.line(
                " embedded: a process on this machine and a Redis from a wheel. It isolates nothing: for your own code only.",
                fg="bright_black",
            )
        self.line()
