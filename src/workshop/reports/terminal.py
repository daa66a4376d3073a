"""A report on a terminal: one line a promise, and under the first that failed what was asked, what came back, and the cause."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
from typing import IO

import click

from workshop.report import UNTOUCHED, Check, Outcome, Report
from workshop.reports.timeline import lines
from workshop.reports.wrapping import SHELL_WORDS, columns, plain, shortened, wrapped

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
NARROW = 60  # columns below which a label stands before its text and not beside it
UNKNOWN = (
    "cause not known. Compare what was expected with what came back; `./workshop hint {}` shows a hint of the lesson."
)
BLOCKED = "blocked by the ✗ above"
AS_ABOVE = "as above"
ASCII = str.maketrans({"✓": "+", "✗": "x", "·": "-", "…": "...", "→": "->", "“": '"', "”": '"'})


class Terminal:
    """Writes reports as they come about, for whatever `stream` can show.

    Colours and moves of the cursor only on a terminal, no colours under NO_COLOR, neither where TERM is `dumb`; plain marks if it cannot
    show the characters. On a terminal only the first ✗ is explained, unless `explains_all`. Several threads may write.
    """

    def __init__(self, stream: IO[str], width: int | None = None, explains_all: bool = False) -> None:
        self.stream = stream
        self.is_terminal = stream.isatty()
        self.moves = self.is_terminal and os.environ.get("TERM") != "dumb"
        self.colours = self.moves and not os.environ.get("NO_COLOR")
        self.is_closed = False  # nobody reads any more, as behind `| head`
        self._width, self._number = width, 0
        self.plain = not (getattr(stream, "encoding", None) or "ascii").lower().startswith("utf")
        self.shows_timelines = False
        self._explains_all = explains_all or not self.is_terminal
        self._lock = threading.RLock()
        self._passing = False  # whether the last line is one that the next takes the place of
        self._rows = 0  # written so far
        self._begin_report()

    def _begin_report(self) -> None:
        self._first: tuple[Check, int] | None = None  # the first ✗, and how many rows had been written before it
        self._told: set[tuple[object, ...]] = set()

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the window; behind a pipe those of the window that standard error is in, as `less` has it."""
        for find in (self.stream.fileno, sys.stderr.fileno):
            with contextlib.suppress(OSError, ValueError):  # no terminal, or no file at all
                found = os.get_terminal_size(find())
                if found.columns:
                    return found.columns, found.lines
        found = shutil.get_terminal_size((80 if self.is_terminal else 100, 24))
        return found.columns, found.lines

    @property
    def width(self) -> int:
        """Columns to write in."""
        return min(self._width or self.size[0], WIDEST)

    @property
    def _has_width(self) -> bool:
        """Whether a line has an end: in a file that nobody looks at now it may be as long as it is."""
        return self.is_terminal or bool(self._width) or bool(os.environ.get("COLUMNS")) or sys.stderr.isatty()

    def line(self, text: str = "", hang: int = 0, **style: object) -> None:
        """A line of text, styled as click.style does it; on as many rows as it takes, those after the first `hang` columns further in."""
        for row in text.split("\n"):
            self._write(self._rows_of(row, hang), style)

    def _write(self, rows: list[str], style: dict[str, object]) -> None:
        with self._lock:
            if self._passing:
                self._put("\r\x1b[K", "")
                self._passing = False
            for row in map(plain, rows):  # a stranger may have written it
                shown = row.translate(ASCII).encode("ascii", "replace").decode() if self.plain else row
                self._put(click.style(shown, **style) if style and self.colours else shown)  # type: ignore[arg-type]
                self._rows += 1

    def _put(self, text: str, end: str = "\n") -> None:
        if self.is_closed:
            return
        try:
            click.echo(text + end, file=self.stream, nl=False)
        except BrokenPipeError:
            self.is_closed = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())  # what is still to be flushed
            raise KeyboardInterrupt from None  # what goes on is for nobody: it ends as Ctrl-C ends it

    def page(self) -> None:
        """Begins a new page: an empty screen, where there is one."""
        with self._lock:
            if self.moves:
                self._put("\x1b[2J\x1b[H", "")
            else:
                self.line()
            self._passing, self._rows = False, 0

    def held(self) -> contextlib.AbstractContextManager[object]:
        """A block in which no other thread writes."""
        return self._lock

    def begin(self, claim: str) -> None:
        """Shows, on a terminal, which check is being asked now; the next line takes its place."""
        if self.moves and not self.plain:
            with self._lock:
                text = shortened(f"  … {claim}", self.width - 1)
                self._put("\r\x1b[K" + (click.style(text, fg="bright_black") if self.colours else text), "")
                self._passing = True

    def head(self, number: int, title: str, note: str, text: str | None = None) -> None:
        """The lines above a lesson's checks: what it is, where the files are, and which text to read."""
        self._begin_report()
        self._number = number
        left = f" Lesson {number} · {title}"
        room = self.width - columns(left)
        beside = room >= columns(note) + 2
        self.line(f"{left}{note:>{room}}" if beside else left, hang=1, bold=True)
        if not beside:
            most = self.width - 7
            self.line(f" files {note if columns(note) <= most or not self._has_width else '…' + note[1 - most :]}")
        if text:
            self.line(f" text  {text}", hang=6)

    def check(self, check: Check) -> None:
        """One check: its claim, and what to know about it if it did not pass. The same is told once."""
        tells = check.outcome in (Outcome.FAILED, Outcome.UNCHECKED)
        is_known = tells and self._is_known(check)
        aside = f"{check.seconds:.1f} s" if check.seconds >= 1 else ""
        if check.outcome is Outcome.BLOCKED:
            aside = BLOCKED
        elif is_known:
            aside = AS_ABOVE
        with self._lock:
            if check.outcome is Outcome.FAILED and not self._first:
                self._first = (check, self._rows)
                self._claim(check, aside)
                self._details(check)
                self._timeline(check)
                return
            self._claim(check, aside)
            if tells and not is_known and (self._explains_all or check.outcome is not Outcome.FAILED):
                self._details(check)
            self._timeline(check)

    def _timeline(self, check: Check) -> None:
        """The events of a check's drill, if they are wanted."""
        for row in lines(check.timeline or ()) if self.shows_timelines else ():
            self.line(f"{INDENT}{row}", hang=12, fg="bright_black")

    def _is_known(self, check: Check) -> bool:
        """Whether what there is to say of a check has been said; of a starter that nobody touched, all is."""
        same = (check.outcome, check.hint, None if check.hint else (check.expected, check.actual), check.fault)
        known = same in self._told or (self._first is not None and self._first[0].mistake == UNTOUCHED)
        self._told.add(same)
        return known

    def _claim(self, check: Check, aside: str) -> None:
        text = f"  {MARKS[check.outcome]} {check.claim}"
        if aside and (not self._has_width or columns(f"{text}  {aside}") <= self.width):
            text = f"{text}  {aside}"
        is_looked_at = check.outcome is Outcome.FAILED or (check.outcome is Outcome.UNCHECKED and aside != AS_ABOVE)
        if (self.is_terminal or self._width) and not is_looked_at:
            text = shortened(text, self.width)
        self.line(text, hang=2, fg=COLOURS[check.outcome])

    def _details(self, check: Check) -> None:
        for label, text in (
            ("asked", check.asked),
            ("expected", check.expected),
            ("got", check.actual),
            ("because", check.hint or (UNKNOWN.format(self._number) if check.outcome is Outcome.FAILED else None)),
            ("fault", check.fault),
        ):
            if text:
                self.field(label, text, dim=label != "because")

    def field(self, label: str, text: str, dim: bool = False) -> None:
        """A label and its text, which may have several lines. What was asked can be copied: it is broken between words only."""
        is_narrow = self.width < NARROW
        lead = f"    {label}: " if is_narrow else f"{INDENT}{label:<{LABEL}}"
        hang = " " * (6 if is_narrow else len(lead))
        is_copied = label == "asked"
        for number, part in enumerate(text.splitlines() or [""]):
            row = (lead if number == 0 else hang) + part
            if is_copied and not self._has_width:
                rows = [row]
            elif is_copied:
                further = " " * 4 if is_narrow else f"{hang}  "
                rows = wrapped(row, self.width - 2, further, words=SHELL_WORDS)
                rows = [*(f"{part} \\" for part in rows[:-1]), rows[-1]]  # a shell reads on after a backslash
            else:
                rows = wrapped(row, max(self.width, 30), hang, cut=label in ("got", "expected"))
            self._write(rows, {"dim": True} if dim else {})

    def foot(self, report: Report, next_step: str, *asides: str, below: int = 1) -> None:
        """The lines below a lesson's checks, with `below` rows still to come. A ✗ that leaves the window with them is shown again."""
        facts = f" {report.count(Outcome.PASSED)} of {len(report.checks)} · {report.runtime} · {report.seconds:.1f} s"
        whole = f"{facts} · {next_step}"
        parts = [whole] if not self._has_width or columns(whole) <= self.width else [facts, f" {next_step}"]
        dim = [f" {aside}" for aside in asides]
        if report.runtime == "embedded":
            dim.append(" embedded: it isolates nothing, for your own code only")
        with self._lock:
            if self.is_terminal and self._first:
                rows = sum(len(self._rows_of(part)) for part in [*dim, *parts])
                if self._rows - self._first[1] + rows + below >= self.size[1]:
                    self.line()
                    self._claim(self._first[0], "the first ✗")
                    self._details(self._first[0])
            for part in dim:
                self.line(part, fg="bright_black")
            for part in parts:
                self.line(part)

    def _rows_of(self, text: str, hang: int = 0) -> list[str]:
        lead = len(text) - len(text.lstrip())
        return wrapped(text, self.width, " " * (lead + hang)) if self._has_width else [text]
