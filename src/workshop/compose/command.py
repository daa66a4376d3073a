"""Whether there is a `docker compose` here, and what it gets to see."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from workshop.engine import engine
from workshop.outcomes import Unchecked

SYSTEM = ("PATH", "SYSTEMROOT", "PROGRAMDATA", "PROGRAMFILES", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR")

MEMORY = 1 << 30  # bytes for reading a file: variables of variables can make gigabytes of a few hundred bytes

NEEDED = ("PATH", "SYSTEMROOT", "PROGRAMDATA", "PROGRAMFILES", "DOCKER_CONFIG", "HOME", "USERPROFILE")


@functools.cache
def need() -> None:
    """Raises Unchecked where the docker command has no Compose of version 2 or later."""
    done = engine.docker("compose", "version", "--short")
    first = done.out.strip().lstrip("v").partition(".")[0]
    if not done.ok or not first.isdigit() or int(first) < 2:
        hint = "There is no `docker compose` here. Docker Desktop brings it; on Linux install the package docker-compose-plugin."
        raise Unchecked(hint, actual=(done.err or done.out).strip()[:300])


def environment(home: Path) -> dict[str, str]:
    """What it needs to reach the engine. The file that it is given then is the rewritten one, which asks for no variable."""
    kept = {name: value for name, value in os.environ.items() if name in SYSTEM or name.startswith("DOCKER_")}
    return {"DOCKER_CONFIG": str(Path.home() / ".docker"), **kept, "HOME": str(home), "USERPROFILE": str(home)}


def bare(home: Path, folder: Path) -> dict[str, str]:
    """What it may see while it reads a student's file: nothing that a `${…}` could carry from this machine into a container."""
    kept = {name: value for name, value in environment(home).items() if name in NEEDED}
    return kept | {"PWD": str(folder)}
