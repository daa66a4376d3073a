"""Removes what the workshop made in the engine: what runs left behind, the supplied images and their build cache.

How they are recognised: containers, networks, volumes and images by the label `workshop.run`, Compose's by a project name
that a run gave; the supplied images by the label `workshop.image`; and in the build cache the records of the supplied
images' own steps, by the command that made them. The rest of the cache does not show who built it, and others may use
the base images: both are named, with the command that removes them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from workshop.course.lessons import Lesson
from workshop.course.places import ROOT
from workshop.engine import engine, images
from workshop.engine.run import LABEL, is_over
from workshop.guests.sweeper import KINDS
from workshop.machine import cost

PROJECT = "com.docker.compose.project"
PROJECT_OF_RUN = re.compile(r"workshop-([0-9a-f]{10})\b")


@dataclass(frozen=True)
class Thing:
    """One thing in the engine that the workshop made. `size` is what its removal gives back, in bytes."""

    kind: str
    id: str
    name: str
    size: int = 0
    run: str | None = None

    def remove(self) -> str | None:
        """Removes it. Returns None, or what the engine said if that failed."""
        if self.kind == "build cache":
            done = engine.docker("buildx", "prune", "--force", "--filter", f"id={self.id}", timeout=60)
        else:
            _, remove = KINDS[self.kind]
            done = engine.docker(*remove, self.id, timeout=60)
        gone = done.ok or re.search("no such|not found", done.err, re.IGNORECASE)
        return None if gone else (done.err.strip().splitlines() or ["no reason given"])[-1]


@dataclass(frozen=True)
class Findings:
    """What `clean` found: `mine` goes, `alive` belongs to runs at work or not known here, `left` is only named."""

    mine: list[Thing]
    alive: list[Thing]
    left: list[tuple[str, str]]  # what it is, and the command that removes it


class Cleaner:
    """Looks for what the workshop made and removes it. `lessons` says which base images the course needs."""

    def __init__(self, lessons: list[Lesson]) -> None:
        self.lessons = lessons
        self.bases = sorted(set().union({images.BASE, images.REDIS}, *map(cost.base_images, lessons)))
        self._layers = {name: layers for name in self.bases if (layers := _layers(name))}

    def look(self, everything: bool = False, with_bases: bool = False) -> Findings:
        """What there is. `everything` takes what running checks use as well, `with_bases` the base images."""
        things = [thing for kind in KINDS for thing in self._of_runs(kind)]
        mine = [thing for thing in things if everything or is_over(thing.run or "")]
        alive = [thing for thing in things if thing not in mine]
        supplied = list(self._supplied())
        if alive:
            alive += supplied  # a check that runs may need them next
        else:
            mine += [*supplied, *_cache()]
        bases = [Thing("image", name, name, cost.size_of(name) or 0) for name in self._layers]
        left = [] if with_bases else [_base_left(thing) for thing in bases]
        return Findings([*mine, *(bases if with_bases else [])], alive, [*left, *_stacks_left(self.lessons)])

    def _of_runs(self, kind: str) -> Iterator[Thing]:
        """The things of one kind that a run made, itself or through Compose."""
        seen: set[str] = set()
        for label in (LABEL, PROJECT):
            listing, _ = KINDS[kind]
            listed = engine.docker(*listing, "--filter", f"label={label}")
            for identity in dict.fromkeys(engine.must(listed).out.split()):
                run = _run_of(kind, identity, label)
                if run and identity not in seen:
                    seen.add(identity)
                    yield Thing(kind, identity, identity.removeprefix("sha256:")[:24], self._size(kind, identity), run)

    def _size(self, kind: str, identity: str) -> int:
        if kind == "image":
            return self._own_size(identity)
        if kind == "container":
            done = engine.docker("container", "inspect", "--size", "--format", "{{.SizeRw}}", identity, timeout=60)
            return int(done.out) if done.ok and done.out.strip().isdigit() else 0
        return 0

    def _own_size(self, image: str) -> int:
        """The bytes of an image without those of the base image that it stands on, which stays."""
        layers, size = _layers(image), cost.size_of(image) or 0
        below = [name for name, base in self._layers.items() if layers[: len(base)] == base]
        return max(0, size - max((cost.size_of(name) or 0 for name in below), default=0))

    def _supplied(self) -> Iterator[Thing]:
        shown = "{{.Repository}}:{{.Tag}}"
        listed = engine.docker("image", "ls", "--filter", f"label={images.SUPPLY_LABEL}", "--format", shown)
        for name in engine.must(listed).out.split():
            yield Thing("image", name, name, self._own_size(name))


def _layers(image: str) -> list[str]:
    done = engine.docker("image", "inspect", "--format", "{{json .RootFS.Layers}}", image)
    layers: list[str] = json.loads(done.out) if done.ok else []
    return layers


def _run_of(kind: str, identity: str, label: str) -> str | None:
    """The run that a thing's label names, or None if it is not ours."""
    labels = ".Config.Labels" if kind in ("container", "image") else ".Labels"
    done = engine.docker(kind, "inspect", "--format", f"{{{{json {labels}}}}}", identity)
    value = (json.loads(done.out) or {}).get(label, "") if done.ok else ""
    if label == LABEL:
        return value or None
    match = PROJECT_OF_RUN.match(value)
    return match[1] if match else None


def _base_left(thing: Thing) -> tuple[str, str]:
    return f"the base image {thing.name}, {cost.shown(thing.size)}: others may use it", f"docker image rm {thing.name}"


def _stacks_left(lessons: list[Lesson]) -> list[tuple[str, str]]:
    """The student's own stacks, brought up by hand in a lesson's folder, and those of the checkout: the service, the lab."""
    done = engine.docker("compose", "ls", "--all", "--format", "json")
    if not done.ok:
        return []
    files = ("docker-compose.yml", "compose.workshop.yaml")
    places = [*(str(lesson.work) for lesson in lessons), *(str(ROOT / name) for name in files)]
    own = [stack["Name"] for stack in json.loads(done.out) if any(place in stack["ConfigFiles"] for place in places)]
    words = "your own stack {}, with its data"
    return [(words.format(name), f"docker compose --project-name {name} down --volumes --rmi local") for name in own]


def cache_left() -> tuple[str, str] | None:
    """What is in the engine's build cache, and the command that empties it; None if it is empty."""
    size = cost.build_cache()
    if not size:
        return None
    words = f"the build cache, {cost.shown(size)}: the engine does not say whose builds use it"
    return words, "docker builder prune"


def _cache() -> Iterator[Thing]:
    """The build cache's records of the supplied images, those that others stand on last."""
    done = engine.docker("buildx", "du", "--verbose", timeout=60, kept=engine.LISTED)
    blocks = done.out.split("\n\n") if done.ok else []
    records = [dict(re.findall(r"(?m)^([A-Z][\w ]*):[ \t]*(.*)$", block)) for block in blocks]
    parents = {
        record["ID"].strip("*"): set(re.findall(r"\w+", record.get("Parent", "")))
        for record in records
        if "ID" in record
    }
    texts = {
        text for file in images.SUPPLIES.glob("*/Dockerfile") for text in _steps(file.read_text(encoding="utf-8"))
    }
    ours = {record["ID"].strip("*") for record in records if record.get("Description") in texts}
    while more := {name for name, above in parents.items() if above & ours} - ours:
        ours |= more
    by_id = {record["ID"].strip("*"): record for record in records if "ID" in record}
    while ours:
        below = set().union(*(parents[name] for name in ours))
        leaves = sorted(ours - below) or sorted(ours)
        for name in leaves:
            counted = by_id[name].get("Shared") == "false"  # else an image holds the same bytes
            size = cost.parsed(by_id[name].get("Size", "")) if counted else 0
            yield Thing("build cache", name, by_id[name].get("Description", ""), size)
        ours -= set(leaves)


def _steps(dockerfile: str) -> Iterator[str]:
    """What the build cache calls those steps of a supplied Dockerfile that run a command."""
    for line in dockerfile.splitlines():
        if line.startswith("RUN "):
            yield f"mount / from exec /bin/sh -c {line[4:].strip()}"
