"""Calling the workshop as a student does."""

import json
import os
import subprocess
import sys
from pathlib import Path

from workshop.course.places import ROOT

COMMAND = (sys.executable, "-m", "workshop.cli")


def workshop(*args, timeout=120, **env):
    """Runs `./workshop ARGS` and returns what became of it."""
    return subprocess.run(
        [*COMMAND, *args],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        cwd=ROOT,
        env={**os.environ, **env},
        check=False,
    )


def check(number, work, *args, **env):
    """`./workshop check N --work DIR --json`: (exit code, report)."""
    done = workshop("check", str(number), "--work", str(work), "--json", *args, **env)
    return done.returncode, json.loads(done.stdout)


def failures(report):
    """The hints of the checks that failed, by id."""
    return {check["id"]: check["hint"] for check in report["checks"] if check["outcome"] == "failed"}


def outcomes(report):
    """How many checks ended how."""
    found = [check["outcome"] for check in report["checks"]]
    return {outcome: found.count(outcome) for outcome in dict.fromkeys(found)}


def write(folder: Path, **files):
    """Writes files, named as keywords with _ for the dot (app_py), and returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / {"Dockerfile": "Dockerfile"}.get(name, name.replace("_", "."))
        path.write_text(text, encoding="utf-8")
    return folder
