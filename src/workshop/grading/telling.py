"""What a log tells where no mistake explains a failure: the lines that speak of something that went wrong."""

from __future__ import annotations

import re

from workshop.raised import last_in
from workshop.report import last_lines

MOST = 3  # lines
SPEAKS = re.compile(
    r"\b(?:error|exception|fatal|failed|failure|refused|denied|cannot|not found|no such|invalid|critical)\b",
    re.IGNORECASE,
)
SERVES = re.compile(r'HTTP/[\d.]+" \d{3}|development server')  # a line for a request, and Flask's greeting


def telling(log: str) -> str:
    """The lines of a log that tell of something that went wrong, a traceback's place and end before all others; empty if there are none."""
    raised = last_in(log)
    if raised:
        where = f"{raised.place}, line {raised.line}: " if raised.place else ""
        return f"{where}{raised.last_line}"
    lines = [line for line in last_lines(log, 50).splitlines() if SPEAKS.search(line) and not SERVES.search(line)]
    return "\n".join(lines[-MOST:])
