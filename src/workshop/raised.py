"""An exception of a student's code, as it is seen from outside: in a log, or told by whoever called a notebook's function."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

# A traceback ends with the first line that is not indented: the exception. A syntax error in the file that Python was
# told to run has no headline, and a log whose beginning was cut off may have lost it.
TRACEBACK = re.compile(
    r'^(?:Traceback \(most recent call last\):\n|(?=  File "))((?:[ \t].*\n|\n)+)([A-Za-z_][\w.<>]*)(?:: (.*))?$',
    re.MULTILINE,
)
FRAME = re.compile(r'^  File "([^"\n]+)", line (\d+)(?:, in (\S+))?', re.MULTILINE)
FOREIGN = re.compile(r"site-packages|/lib/python|/bin/|^<frozen")  # files that are not the student's


@dataclass(frozen=True)
class Raised:
    """An exception: the name of its type, its message, and the student's own line that it came from.

    `type` is as Python writes it at the end of a traceback, for instance redis.exceptions.ConnectionError. `place` is a
    file, or the number of a notebook's code cell; `files` are those of a traceback, the outermost first, and `function` is the one that raised it.
    """

    type: str
    message: str = ""
    place: str | int | None = None
    line: int | None = None
    source: str | None = None
    files: tuple[str, ...] = ()
    function: str = ""  # the innermost one

    @property
    def last_line(self) -> str:
        """The line in which Python tells it."""
        return f"{self.type}: {self.message}" if self.message else self.type


@functools.lru_cache(4)  # each of some twenty mistakes asks the same log
def last_in(log: str) -> Raised | None:
    """The exception of the last traceback in a log, or None. What a quoted source line says is no part of it."""
    found = None
    for found in TRACEBACK.finditer(log.replace("\r\n", "\n")):  # noqa: B007 - the last one is wanted
        pass
    if found is None:
        return None
    frames = FRAME.findall(found[1])
    own = [frame for frame in frames if not FOREIGN.search(frame[0])]
    place, line, _ = own[-1] if own else (None, None, None)
    files, function = tuple(frame[0] for frame in frames), frames[-1][2] if frames else ""
    return Raised(found[2], (found[3] or "").strip(), place, int(line) if line else None, None, files, function)
