"""Tools in an environment of their own, in the state folder: what no student needs, and what might not agree with the workshop's own packages."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from workshop.course.places import state_folder

LIMIT = 600.0  # seconds for one command


class Trouble(Exception):
    """A tool that did not do its part, with what it printed."""


def environment(name: str, lock: Path, say: Callable[[str], None]) -> Path:
    """The folder of the environment that a lock describes; made first if it is not there, or its lock has changed.

    `say` is told that something will be installed, and where. Raises Trouble if it cannot be.
    """
    folder = state_folder().resolve() / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    if (folder / "complete").exists():
        return folder
    say(f"Installing {lock.name}, this once, into {folder}; the workshop's own environment stays as it is.")
    shutil.rmtree(folder, ignore_errors=True)
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    python = python_of(folder)
    venv = [uv, "venv", "--quiet", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
    run([*venv, folder])
    install = (
        [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
        if uv
        else [python, "-m", "pip", "install", "--quiet"]
    )
    run([*install, "--require-hashes", "-r", lock])
    (folder / "complete").touch()
    return folder


def python_of(folder: Path) -> Path:
    """The Python of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run(words: Iterable[Any], **options: Any) -> str:
    """Runs a command and returns what it printed. Raises Trouble if it fails."""
    command = [str(word) for word in words]
    done: subprocess.CompletedProcess[str] = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=LIMIT,
        check=False,
        **options,
    )
    if done.returncode:
        raise Trouble(f"{' '.join(command[:3])} ended with {done.returncode}: {done.stdout[-1500:]}")
    return done.stdout
