"""What is seen of a build that failed: its log as BuildKit prints it with plain progress, and what ended it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from workshop.engine.bases import NotHad

SERVER_TELLS = r"\* Running on |Listening at: |Serving (?:HTTP )?on |Uvicorn running on "
OFFLINE = re.compile(
    r"failed to (?:resolve source metadata|do request|authorize)[^\n]*(?:dial tcp|lookup|i/o timeout|no such host|TLS handshake|EOF|refused|x509)"
    r"|Temporary failure (?:in name resolution|resolving)|ReadTimeoutError|Max retries exceeded|NewConnectionError"
    r"|SSLCertVerificationError|ProxyError|Could not resolve(?: host:| ')|[Uu]nable to resolve host|Could not connect to \S+:\d+"
)
EXCERPT = re.compile(
    r"^\S*ockerfile\S*:\d+\n-{4,}\n(?:.*\n)*?-{4,}\n", re.MULTILINE
)  # the Dockerfile's own lines, quoted
PROGRESS = re.compile(
    r"^((?:Reading|Building) [a-z ]+\.\.\.)(?=E: )", re.MULTILINE
)  # apt ends the line of its progress late: an error of another stream may stand in it
QUOTED = re.compile(r'process "(?:[^"\\]|\\.)*" did not')  # the command of a step, quoted


class Stop(Enum):
    """Why a build was ended before its end."""

    FILLS_DISK = auto()
    MANY_FILES = auto()
    SERVES = auto()  # a server was started in it, and nothing more was said
    TIME = auto()


@dataclass(frozen=True)
class BuildFailed:
    """A build that failed, or was ended (`stop`) after some seconds, having taken so many bytes of the disk, and made so many files.

    `context` is the folder that was built, `flags` what `docker build` was given besides; `not_had` is an image that could not be had.
    """

    log: str
    stop: Stop | None = None
    seconds: float = 0.0
    taken: int = 0
    files: int = 0
    context: Path | None = None
    flags: tuple[str, ...] = ()
    not_had: NotHad | None = None

    @property
    def _failed(self) -> str | None:
        """BuildKit's number of the step that failed; of several that failed at once that of the one its last error is about. None if none did."""
        errors: list[tuple[str, str]] = re.findall(r"^#(\d+) ERROR:? ?(.*)", self.log, re.MULTILINE)
        last = "".join(re.findall(r"^ERROR: .*", self.log, re.MULTILINE)[-1:])
        about = [number for number, text in errors if text and text in last]
        return about[0] if about else errors[-1][0] if errors else None

    @property
    def step(self) -> str | None:
        """The instruction that failed, or None if it was not a step that failed."""
        summaries = re.findall(r"^ > \[[^\n\]]*\] ([A-Z]+ [^\n]*?):?$", self.log, re.MULTILINE)
        steps = re.findall(rf"^#{self._failed} \[[^\n\]]+\] ([A-Z]+ [^\n]*)", self.log, re.MULTILINE)
        return next((one for one in summaries if one in steps), summaries[0] if summaries else None)

    @property
    def last_step(self) -> str | None:
        """The instruction that the build was at when its log ends, or None."""
        steps = re.findall(r"^#\d+ \[[^\n\]]+\] ([A-Z]+ [^\n]*)", self.log, re.MULTILINE)
        return steps[-1] if steps else None

    @property
    def said(self) -> str:
        """What the failed step printed, then what BuildKit says of it; the whole log if no step failed. No line of the Dockerfile is in it."""
        if self._failed is None:
            return QUOTED.sub("process did not", EXCERPT.sub("", self.log))
        printed = re.findall(rf"^#{self._failed} (?:[\d.]+ )?((?!\[).*)", self.log, re.MULTILINE)
        last = re.findall(r"^ERROR: .*", self.log, re.MULTILINE)
        text = "\n".join([*printed, *last[-1:]]) + "\n"
        return QUOTED.sub("process did not", PROGRESS.sub(r"\1\n", text))

    @property
    def excerpt(self) -> str:
        """The part of the log that a report shows: from the failed step's own summary on."""
        at = self.log.rfind("\n------\n > ")
        if at >= 0:
            return self.log[at + 8 :]
        place = re.search(r"^Dockerfile:\d+\n-+\n|^ERROR: ", self.log, re.MULTILINE)
        return self.log[place.start() :] if place else self.log


def serves(log: str) -> bool:
    """Whether a server was started in the step that a build is at when its log ends."""
    steps = re.findall(r"^#(\d+) ", log, re.MULTILINE)
    return bool(steps) and re.search(rf"^#{steps[-1]} [\d.]+ .*(?:{SERVER_TELLS})", log, re.MULTILINE) is not None


def is_offline(log: str) -> bool:
    """Whether a build failed because a registry or package index could not be reached: then it is nobody's mistake."""
    return bool(OFFLINE.search(BuildFailed(log).said))
