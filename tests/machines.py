"""Machines for the doctor: a `docker` command that is a script, and what a doctor on such a machine says."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workshop.course import lessons
from workshop.machine import remedies

posix = pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")
DOCKER = shutil.which("docker")

# A machine on which all is well, as far as its docker command tells. Words before `case` answer first.
WELL = """
case "$*" in
  "--version") echo "Docker version 28.2.2, build e6534b4" ;;
  "version --format {{.Server.Version}}") echo 28.2.2 ;;
  "version --format {{json .}}") echo '{"Client": {"Version": "28.2.2"}, "Server": {"Version": "28.2.2", "Os": "linux"}}' ;;
  "version --format"*) echo amd64 ;;
  "buildx version") echo "github.com/docker/buildx v0.24.0 d0e5e86" ;;
  "compose version --short") echo 2.36.2 ;;
  "image inspect --format {{.Size}}"*) echo 128000000 ;;
  "image inspect"*) echo sha256:1 ;;
  "system df"*) printf 'Images\\t1GB\\nBuild Cache\\t1.5GB\\n' ;;
  *"disk_usage"*) echo 50000000000 ;;
  "run --detach"*) echo 1 ;;
  "port "*) echo 127.0.0.1:1 ;;
  *) exit 0 ;;
esac
"""


def stand_in(folder: Path, first: str = "", rest: str = WELL) -> dict[str, str]:
    """An environment whose `docker` is a shell script: `first` answers the calls it names, `rest` all others."""
    script = folder / "docker"
    script.write_text(f"#!/bin/sh\n{first}\n{rest}\n", encoding="utf-8")
    script.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def on(call: str, words: str, code: int = 1, to: str = "2") -> str:
    """The part of a script that answers calls which match `call` with words and an exit code."""
    return f"case \"$*\" in {call}) cat >&{to} <<'END'\n{words}\nEND\nexit {code} ;; esac"


class Findings:
    """What a doctor in a process of its own said."""

    def __init__(self, environment: dict[str, str], tmp_path: Path) -> None:
        command = [sys.executable, "-P", "-m", "workshop.cli", "doctor", "--json"]
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        state = {"WORKSHOP_STATE": str(tmp_path / "state"), "PYTHONPATH": str(lessons.ROOT / "src")}
        done = subprocess.run(
            command, env={**kept, **state, **environment}, capture_output=True, text=True, timeout=300
        )
        assert done.stdout, done.stderr
        self.code, self.screen, self.said = done.returncode, done.stderr, json.loads(done.stdout)
        self.steps = {step["id"]: step for step in self.said["steps"]}
        self.failed = [name for name, step in self.steps.items() if step["outcome"] == "failed"]

    def hint(self, name: str) -> str:
        return str(self.steps[name]["hint"])


def mends(kind: str) -> str:
    return remedies.fix(kind)


def passing_on(folder: Path, first: str) -> dict[str, str]:
    """The real docker, but for the calls that `first` answers."""
    return stand_in(folder, first, f'exec {DOCKER} "$@"')


def real_downloads(folder: Path, **environment: str) -> dict[str, str]:
    """A machine whose build with a download is real, and its images; all else is well by its docker's word."""
    real = f'case "$*" in "image "*|*doctor-pip*) exec {DOCKER} "$@" ;; esac'
    return stand_in(folder, real) | {"PIP_CONFIG_FILE": os.devnull, **environment}
