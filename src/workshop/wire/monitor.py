"""Each command as it arrives at a Redis (MONITOR): the newest are kept, cut, and without passwords. It costs Redis time, so it ends when nobody looks."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

KEPT = 200  # commands
MOST_WORDS, MOST_LETTERS = 12, 120  # of one command
MOST_BYTES = 4096  # of one line
MOST_A_SECOND = 500  # commands; Redis would keep what is not fetched quickly enough in its memory
PAUSE = 5.0  # seconds for which it rests after more
HIDDEN = "(redacted)"
LINE = re.compile(r'\+(\d+\.\d+) \[(\d+) (.*?)\] (".*)', re.DOTALL)
WORD = re.compile(r'"((?:[^"\\]|\\.)*)(?:"|$)', re.DOTALL)
# After these words comes a password, or a name and a password; whole words of ACL SETUSER that hold one begin with these signs.
ONE, TWO = (
    re.compile(r"auth|requirepass|masterauth|auth-pass|.*-key-file-pass", re.IGNORECASE),
    re.compile("auth2", re.IGNORECASE),
)
SECRET = (">", "<", "#", "!")


@dataclass(frozen=True)
class Command:
    """A command that arrived. `client` is its address as Redis sees it; `lua` if a script sent it."""

    at: float  # seconds since 1970, by the clock of Redis
    client: str
    words: tuple[str, ...]


def read(line: str) -> Command | None:
    """A line of MONITOR; None if it is none."""
    found = LINE.match(line)
    if not found:
        return None
    words = [_unescaped(word) for word in WORD.findall(found[4])]
    words = without_secrets(words)
    more = len(words) - MOST_WORDS
    cut = [word if len(word) <= MOST_LETTERS else f"{word[:MOST_LETTERS]}…" for word in words[:MOST_WORDS]]
    return Command(float(found[1]), found[3], (*cut, f"… {more} more") if more > 0 else tuple(cut))


def _unescaped(word: str) -> str:
    try:
        return word.encode("latin-1", "replace").decode("unicode_escape").encode("latin-1").decode("utf-8", "replace")
    except UnicodeError:  # it was cut in the middle of a sign
        return word


def without_secrets(words: list[str]) -> list[str]:
    """A command's words without the passwords in it. Redis leaves most of them out itself; this does not rely on that."""
    name, hidden = words[0].upper(), set[int]()
    if name == "AUTH":
        hidden = set(range(1, len(words)))
    for place, word in enumerate(words[1:], 1):
        if name == "HELLO" and word.upper() == "AUTH":
            hidden |= {place + 1, place + 2}
        elif name in ("CONFIG", "MIGRATE", "SENTINEL") and ONE.fullmatch(word):
            hidden.add(place + 1)
        elif name == "MIGRATE" and TWO.fullmatch(word):
            hidden |= {place + 1, place + 2}
        elif name == "ACL" and word.startswith(SECRET):
            hidden.add(place)
    return [HIDDEN if place in hidden else word for place, word in enumerate(words)]


class Monitor:
    """Listens on a connection of its own, made by `dial`, from its making to `close`. `own` are clients whose commands are not told."""

    def __init__(self, dial: Callable[[], socket.socket]) -> None:
        self.own: set[str] = set()
        self.is_resting = False  # too much was going on
        self._kept: deque[Command] = deque(maxlen=KEPT)
        self._dial, self._is_over = dial, threading.Event()
        self._line: socket.socket | None = None
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def commands(self) -> list[Command]:
        """The newest commands, the last one last."""
        return [one for one in list(self._kept) if one.client not in self.own]

    @property
    def is_open(self) -> bool:
        """Whether it still listens, or rests."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Ends it: Redis has no monitor any more."""
        self._is_over.set()
        if line := self._line:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while not self._is_over.is_set():
                with self._dial() as self._line:
                    self._line.settimeout(None)
                    self._line.sendall(b"*1\r\n$7\r\nMONITOR\r\n")
                    has_ended = self._read(self._line)
                if has_ended:
                    return
                self.is_resting = True
                self._is_over.wait(PAUSE)
                self.is_resting = False

    def _read(self, line: socket.socket) -> bool:
        """Reads to the end: true; or until too many came within a second: false."""
        since, count = time.monotonic(), 0
        for said in lines(line):
            if self._is_over.is_set():
                return True
            if command := read(said):
                self._kept.append(command)
            now = time.monotonic()
            since, count = (now, 0) if now - since > 1 else (since, count + 1)
            if count > MOST_A_SECOND:
                return False
        return True


def lines(line: socket.socket) -> Iterator[str]:
    """What comes in lines, of each at most its first 4 kB."""
    held, is_cut = b"", False
    while said := line.recv(65536):
        *whole, held = (held + said).split(b"\n")
        for one in whole:
            if not is_cut:
                yield one[:MOST_BYTES].decode("latin-1").rstrip("\r")
            is_cut = False
        if len(held) > MOST_BYTES:
            if not is_cut:
                yield held[:MOST_BYTES].decode("latin-1")
            held, is_cut = b"", True
