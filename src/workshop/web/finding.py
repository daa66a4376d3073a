"""Finding what there is to look at: the containers of a session's run, and those that the student has brought up by hand in the lesson's folder."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop.course.lessons import Lesson
from workshop.engine.run import LABEL, Run

PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"
FOLDER, FILES = f"{PROJECT}.working_dir", f"{PROJECT}.config_files"
WORKSHOPS = "compose.workshop.yaml"  # the workshop itself by Docker alone: none of the student's
LABELS = (f'{{{{json (.Label "{label}")}}}}' for label in (LABEL, FOLDER, FILES))
LISTED = f"[{','.join(['{{json .ID}}', '{{json .Names}}', *LABELS])}]"  # a label may hold anything
Found = dict[str, Any]  # a container, as `docker inspect` tells it


@dataclass(frozen=True)
class There:
    """The containers that are there: those of the run, and the student's own."""

    run: list[Found]
    own: list[Found]


def containers(run: Run, lesson: Lesson, work: Path) -> There:
    """What is there now: of the run, and of the student's own what compose brought up from the lesson's files, or is called after the lesson."""
    folders = {os.path.realpath(work), os.path.realpath(lesson.finished_in)}
    named = re.compile(rf"lesson0*{lesson.number}(-.+)?")
    mine, own = set[str](), set[str]()
    for line in run.docker("ps", "--all", "--no-trunc", "--format", LISTED).out.splitlines():
        id, name, of_run, folder, files = json.loads(line)
        if of_run == run.id:
            mine.add(id)
        elif named.fullmatch(name) or (folder and os.path.realpath(folder) in folders and WORKSHOPS not in files):
            own.add(id)
    names = [*mine, *own]
    found = json.loads(run.docker("inspect", *names).out or "[]") if names else []
    return There(_of(found, mine), _of(found, own))


def of_run(run: Run) -> list[Found]:
    """The containers of the run."""
    names = run.docker("ps", "--all", "--quiet", "--filter", f"label={run.label}").out.split()
    return list(json.loads(run.docker("inspect", *names).out or "[]")) if names else []


def _of(found: list[Found], ids: Collection[str]) -> list[Found]:
    return [one for one in found if one["Id"] in ids]


def name_of(one: Mapping[str, Any]) -> str:
    """What a person calls a container: its service, or the workshop's word for it."""
    name = str(one["Name"]).lstrip("/")
    parts = re.fullmatch(r"workshop-\w+-(\w+)-\d+", name)
    return one["Config"]["Labels"].get(SERVICE) or (parts[1] if parts else name)


def addresses(one: Mapping[str, Any]) -> list[str]:
    """The addresses that a container has now."""
    return [network["IPAddress"] for network in one["NetworkSettings"]["Networks"].values() if network["IPAddress"]]


def projects(there: list[Found]) -> dict[str, list[Found]]:
    """The containers of compose projects, by project, the shortest name first."""
    found: dict[str, list[Found]] = {}
    for one in there:
        if project := one["Config"]["Labels"].get(PROJECT):
            found.setdefault(project, []).append(one)
    return dict(sorted(found.items(), key=lambda pair: (len(pair[0]), pair[0])))


def has_redis(one: Mapping[str, Any]) -> bool:
    """Whether a container may be a Redis: its image says that it listens on Redis' port."""
    return "6379/tcp" in (one["Config"].get("ExposedPorts") or {})
