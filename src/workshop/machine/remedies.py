"""How to fix what `doctor` finds missing, on the system at hand."""

from __future__ import annotations

import functools
import os
import platform
import re
import tomllib
from pathlib import Path

from workshop.engine.engine import filled

LINUX, MACOS, WINDOWS, WSL = "linux", "macos", "windows", "wsl"
AGAIN = "Then run `./workshop doctor` again."

WORDS = Path(__file__).with_suffix(".toml")

# What a failed pull says → the heading in remedies.toml.
PULL: list[tuple[str, str]] = [
    ("disk full", r"no space left on device"),
    ("registry proxy", r"proxyconnect|proxy authentication required|407 proxy"),
    ("registry certificate", r"x509|certificate"),
    ("registry limit", r"toomanyrequests|rate limit|too many requests"),
    (
        "registry name",
        r"no such host|server misbehaving|i/o timeout|handshake timeout|connection refused|unreachable"
        r"|deadline exceeded|client\.timeout|\beof\b|reset by peer|no route",
    ),
    ("registry refuses", r"no matching manifest|not found|denied|unauthorized|forbidden"),
]
# What a failed build with pip in it says → the heading in remedies.toml; the first that matches.
PACKAGES: list[tuple[str, str]] = [
    ("disk full", r"no space left on device"),
    ("build proxy", r"proxyerror|cannot connect to proxy|tunnel connection failed|407 proxy"),
    (
        "build certificate",
        r"certificate_verify_failed|sslcertverificationerror|certificate verify failed"
        r"|could not find a suitable tls ca",
    ),
    ("build name", r"nameresolutionerror|name resolution|name or service not known|no address associated"),
    (
        "build network",
        r"newconnectionerror|connecttimeout|readtimeout|timed out|connection (?:refused|reset)|unreachable"
        r"|connection broken",
    ),
    ("build index", r"no matching distribution|\b40[134]\b|http error"),
]


def here() -> str:
    """The system at hand: linux, macos, windows, or wsl for a Linux inside Windows."""
    name = {"Darwin": MACOS, "Windows": WINDOWS}.get(platform.system(), LINUX)
    if name == LINUX and re.search("microsoft", platform.release(), re.IGNORECASE):
        return WSL
    return name


@functools.cache
def _all() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    return table


def fix(kind: str, system: str | None = None) -> str:
    """How to fix what `kind`, a heading in remedies.toml, stands for, here or on a named system."""
    ways, system = _all()[kind], system or here()
    way = ways.get(system) or ways.get("all") or ways[LINUX if system == WSL else next(iter(ways))]
    return f"{filled(' '.join(way.split()))} {AGAIN}"


def told_by(output: str, table: list[tuple[str, str]], otherwise: str) -> str:
    """The heading in remedies.toml for the output of a failed pull or build."""
    return next((kind for kind, words in table if re.search(words, output, re.IGNORECASE)), otherwise)


def local_proxy() -> str | None:
    """The environment variable that sets a proxy on this machine's own loopback, which a build cannot reach."""
    names = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
    return next(
        (name for name in names if re.search(r"//(?:[^@/]*@)?(?:127\.|localhost|\[::1\])", os.environ.get(name, ""))),
        None,
    )


def shown(path: Path) -> str:
    """A path with the home folder as ~."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except ValueError:
        return str(path)
