"""Single keys from the terminal, without Enter: one reader for a whole session."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

END = "\x04"  # Ctrl-D; also what is told when the terminal is gone
PASTED = 10  # characters at once that nobody types
_PASTE = ("\x1b[200~", "\x1b[201~")  # how a terminal marks what was pasted, once it is asked to
_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[^\[O])?", re.DOTALL
)  # arrow keys, function keys, Alt with a key


class Typed:
    """Turns what a terminal sends into keys. Arrow keys, pastes and bytes that are no text are left out."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._in_paste, self._rest = False, ""

    def keys(self, data: bytes) -> list[str]:
        """The keys in the next piece of input."""
        text = self._rest + self._decoder.decode(data)
        self._rest, plain = "", ""
        while text:
            before, mark, text = text.partition(_PASTE[self._in_paste])
            plain += "" if self._in_paste else before
            self._in_paste ^= bool(mark)
        begun = re.search(r"\x1b\[[0-?]*$", plain)  # the rest of the sequence comes with the next piece
        if begun:
            plain, self._rest = plain[: begun.start()], begun[0]
        found = _SEQUENCE.sub("", plain)
        return list(found) if len(found) <= PASTED else []


class Keys:
    """Tells `pressed` of each key, in a thread of its own, from the block's begin to its end. `has_keys`: whether there are any."""

    def __init__(self, pressed: Callable[[str], object]) -> None:
        self._pressed, self.has_keys = pressed, False
        self._before: Any = None
        self._fd = 0  # a way of its own to the terminal: while pytest runs a grader, standard input is another file

    def __enter__(self) -> Keys:
        self.has_keys = sys.stdin.isatty()
        if self.has_keys and os.name == "nt":
            threading.Thread(target=self._read_windows, daemon=True).start()
        elif self.has_keys:
            import termios

            self._fd = os.dup(sys.stdin.fileno())
            self._before = termios.tcgetattr(self._fd)
            self._take()
            signal.signal(signal.SIGCONT, lambda *_: self._take())  # after Ctrl-Z and `fg` the shell has set it back
            threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGCONT, signal.SIG_DFL)
            self._give_back()

    @contextlib.contextmanager
    def lent(self) -> Iterator[int | None]:
        """Within the block another program has the terminal, as this file descriptor. To be called by `pressed`, so that nobody reads meanwhile."""
        if self._before is None:
            yield None
            return
        self._give_back()
        try:
            yield self._fd
        finally:
            self._take()

    def _take(self) -> None:
        import tty

        with contextlib.suppress(OSError):
            tty.setcbreak(self._fd)
            self._mark_pastes("h")

    def _give_back(self) -> None:
        import termios

        with contextlib.suppress(OSError, termios.error):
            self._mark_pastes("l")
            termios.tcsetattr(self._fd, termios.TCSAFLUSH, self._before)  # what was typed meanwhile is not the shell's

    def _mark_pastes(self, switch: str) -> None:
        if os.environ.get("TERM", "dumb") != "dumb":
            os.write(self._fd, f"\x1b[?2004{switch}".encode())

    def _read(self) -> None:
        typed = Typed()
        while True:
            try:
                data = os.read(self._fd, 1024)
            except OSError:
                data = b""
            if not data:
                self._pressed(END)
                return
            for key in typed.keys(data):
                self._pressed(key)

    def _read_windows(self) -> None:
        import msvcrt

        while True:
            key = msvcrt.getwch()  # type: ignore[attr-defined,unused-ignore]
            if key in "\x00\xe0":  # an arrow or a function key: its number follows
                msvcrt.getwch()  # type: ignore[attr-defined,unused-ignore]
            else:
                self._pressed(key)
