"""A start script, looked at where its container says nothing: the line at which it ended, or the tool that it waits with."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from workshop.compose.facts import Script
from workshop.engine import helpers
from workshop.engine.limits import LIMITS, NO_OUTSIDE_NAMES
from workshop.engine.run import Run

SHELLS = ("sh", "bash", "dash", "ash")
SHEBANG = re.compile(r"#!\s*(?P<shell>\S*/(?:sh|bash|dash|ash)|\S*/env (?:sh|bash|dash|ash))\b[ \t]*(?P<option>-\w+)?")
TRACED = 8.0  # seconds for the second run
STEP = "+workshop"  # how a traced line begins; a shell repeats the first sign for what is nested
TOOLS = (
    "nc",
    "ncat",
    "netcat",
    "curl",
    "wget",
    "telnet",
    "ping",
    "dig",
    "nslookup",
    "host",
    "redis-cli",
    "pg_isready",
    "mysqladmin",
)
VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")


def at_its_end(run: Run, name: str, found: Mapping[str, Any]) -> Script | None:
    """The line at which the start script of a container ended. `found` is what `docker inspect` says of it.

    The script is run once more, traced, in a container like it; None if there is no script, or it ends in another way then.
    """
    script = _script(run, name, found)
    if not script:
        return None
    path, shell, text, words, options = script
    config, network = found["Config"], next(iter(found["NetworkSettings"]["Networks"]), "none")
    environment = [word for one in config["Env"] or [] for word in ("--env", one)]
    placed = (
        "--network",
        network,
        *NO_OUTSIDE_NAMES,
        "--volumes-from",
        name,
        "--workdir",
        config["WorkingDir"] or "/",
    )
    user = ("--user", config["User"]) if config["User"] else ()
    flags = (*LIMITS, *placed, *user, *environment, "--entrypoint", shell)
    there = path if "/" in path else f"./{path}"
    traced = f'PS4="{STEP} "; set -xv {" ".join(options)}; . "$0"'  # -v repeats each line as it is read, -x each command as it is run
    done = helpers.passing(run, *flags, found["Image"], "-c", traced, there, *words, timeout=TRACED)
    said = done.err.partition(f"{STEP} . {there}\n")[2].splitlines()
    lines, number = text.splitlines(), 0
    for one in said:  # what the script prints itself stands in between
        number += number < len(lines) and one == lines[number]
    if not 0 < number <= len(lines) or done.code != found["State"]["ExitCode"]:
        return None
    line = lines[number - 1].strip()
    known = {one.partition("=")[0] for one in config["Env"] or []}
    known |= set(re.findall(r"(?m)^\s*(?:export\s+|local\s+)?(\w+)=", text)) | set(re.findall(r"\bfor (\w+) in", text))
    unset = dict.fromkeys(one for one in VARIABLE.findall(line) if one not in known)
    stops = re.search(r"(?m)^\s*set\s+-\w*e|^\s*set -o errexit", text) is not None or "e" in "".join(options)
    return Script(path, number, line, tuple(unset), stops)


def without_its_words(run: Run, name: str, found: Mapping[str, Any]) -> Script | None:
    """The start script of a container that ended well, and never runs the words that it is given; None if there is none such."""
    script = _script(run, name, found)
    if not script or not script[3] or re.search(r"\$\{?[@*1]", script[2]):
        return None
    return Script(script[0], ignored=shlex.join(script[3]))


def as_it_waits(run: Run, name: str, found: Mapping[str, Any]) -> Script | None:
    """The tool that the start script of a running container calls and the image does not have; None if there is none such."""
    script = _script(run, name, found)
    if not script:
        return None
    path, _, text, _, _ = script
    code = re.sub(r"(?m)#.*$", "", text)
    called = [
        tool
        for tool in TOOLS
        if re.search(rf"(?:^|[;&|(!`]|\b(?:while|until|if|do|then|else|!))\s*{tool}\s", code, re.MULTILINE)
    ]
    if not called or not re.search(r"\b(?:while|until)\b", code):
        return None
    ask = "; ".join(f"command -v {tool} >/dev/null || echo {tool}" for tool in called)
    lacks = run.docker("exec", name, "sh", "-c", ask, timeout=5).out.split()
    return Script(path, tool=lacks[0]) if lacks else None


def _script(run: Run, name: str, found: Mapping[str, Any]) -> tuple[str, str, str, list[str], list[str]] | None:
    """The path of the shell script that a container's first process runs, its shell, its text, the words after it, the shell's options."""
    words, options = [found["Path"], *found["Args"]], []
    shell = words.pop(0) if PurePosixPath(words[0]).name in SHELLS and len(words) > 1 else None
    while shell and words and words[0].startswith("-") and "c" not in words[0]:
        options.append(words.pop(0))
    if not words or words[0].startswith("-"):
        return None
    path = words.pop(0)
    aside: Path = run.scratch("script") / "script"
    place = str(PurePosixPath(found["Config"]["WorkingDir"] or "/") / path)
    if not run.docker("cp", "--follow-link", f"{name}:{place}", str(aside), timeout=5).ok or not aside.is_file():
        return None
    text = aside.read_bytes()[:20_000].decode("utf-8", "replace")
    if shell:
        return path, shell, text, words, options
    first = SHEBANG.match(text)
    if not first:
        return None
    options = [first["option"]] if first["option"] else []
    return path, PurePosixPath(first["shell"].split()[-1]).name, text, words, options
