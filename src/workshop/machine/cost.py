"""What the course needs from a machine: which images its lessons use, how large they are, how much room there is."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from workshop.course.lessons import Lesson
from workshop.engine import engine, images

COMPRESSED = 0.4  # what travels of an image, as a share of its size on disk; 0.39 measured for python:3.13-slim
PACKAGES = 13_000_000  # bytes of Flask, redis and gunicorn in an image that is not here to be measured; 12.3 MB seen


def files(lesson: Lesson, name: str) -> list[str]:
    """The texts of the solution's files whose name contains `name`."""
    return [
        path.read_text(encoding="utf-8") for file, path in lesson.finished().items() if name in file.rpartition("/")[2]
    ]


def compose_files(lesson: Lesson) -> list[str]:
    """The texts of the solution's compose files."""
    return [text for word in ("compose.yml", "compose.yaml") for text in files(lesson, word)]


def base_images(lesson: Lesson) -> set[str]:
    """The images that must be there before the lesson is checked in containers."""
    wanted = {images.BASE}
    if {"redis", "relay", "notebook", "cluster"} & lesson.needs:
        wanted.add(images.REDIS)
    if "registries" in lesson.needs:
        wanted.add(images.REGISTRY)
    for text in files(lesson, "Dockerfile"):
        stages = set(re.findall(r"(?im)^\s*FROM\s+\S+.*?\sAS\s+(\S+)", text))
        sources = re.findall(r"(?im)^\s*FROM\s+(?:--\S+\s+)*(\S+)", text) + re.findall(
            r"(?im)^\s*COPY\s.*?--from=(\S+)", text
        )
        wanted |= {
            name
            for name in sources
            if name not in stages and not name.isdigit() and "$" not in name and name != "scratch"
        }
    for text in compose_files(lesson):
        wanted |= set(re.findall(r"(?m)^\s*image:\s*[\"']?([\w./:-]+:[\w.-]+)[\"']?\s*$", text))
    return wanted


def has_stack(lesson: Lesson) -> bool:
    """Whether the lesson has a compose file."""
    return bool(compose_files(lesson))


def stands_on(image: str, lesson: Lesson) -> bool:
    """Whether the lesson needs this image."""
    return image in base_images(lesson)


def mounts(lesson: Lesson) -> bool:
    """Whether a check shows a container files of this machine."""
    return not files(lesson, "Dockerfile") or "mounts" in lesson.grader.read_text(encoding="utf-8")


def installs(lesson: Lesson) -> bool:
    """Whether a check installs packages in a build."""
    dockerfiles = files(lesson, "Dockerfile")
    return not dockerfiles or any("pip" in text for text in dockerfiles)


def redis_here(lesson: Lesson) -> bool:
    """Whether the lesson, checked without an engine, starts a Redis on this machine."""
    return not lesson.needs_engine and images.REDIS in base_images(lesson)


@dataclass(frozen=True)
class Cost:
    """Bytes. `here` is what the engine has of it; `cache` is its whole build cache, the course's part included."""

    images: int
    packages: int
    here: int
    download: int
    cache: int | None
    free: int | None

    @property
    def total(self) -> int:
        """What the course takes on the engine's disk."""
        return self.images + self.packages

    @property
    def to_come(self) -> int:
        """What it will still take."""
        return max(0, self.total - self.here)

    def to_dict(self) -> dict[str, int | None]:
        """The figures for JSON."""
        return {**asdict(self), "total": self.total}

    def __str__(self) -> str:
        room = f"; {shown(self.free)} free" if self.free is not None else ""
        taken = f"the course needs about {shown(self.total)}, {shown(self.here)} of that is here"
        return f"{taken}, {shown(self.download)} to download{room}"


def measure(lessons: list[Lesson], free: int | None) -> Cost:
    """Measures the images that are here and asks the registry for the size of those that are not."""
    wanted = sorted(set().union(*(base_images(lesson) for lesson in lessons)) if lessons else set())
    sizes = {name: size_of(name) for name in wanted}
    present = sum(size or 0 for size in sizes.values())
    travelling = {name: download_of(name) or 0 for name, size in sizes.items() if size is None}
    own = size_of(images.supply_name("python"))
    base = sizes.get(images.BASE)
    layer = own - base if own and base and own > base else PACKAGES
    builds = 1 + sum(bool(files(lesson, "Dockerfile")) for lesson in lessons)
    total = present + round(sum(travelling.values()) / COMPRESSED)
    download = sum(travelling.values()) + (0 if own else round(PACKAGES * COMPRESSED))
    return Cost(total, layer * builds, present + (layer if own else 0), download, build_cache(), free)


def size_of(image: str) -> int | None:
    """The bytes of an image on the engine's disk, or None if it is not there."""
    done = engine.docker("image", "inspect", "--format", "{{.Size}}", image)
    return int(done.out) if done.ok else None


def download_of(image: str) -> int | None:
    """The bytes that a pull would bring, as the registry says; None if it does not say."""
    done = engine.docker("manifest", "inspect", "--verbose", image, timeout=20)
    if not done.ok:
        return None
    try:
        manifest = json.loads(done.out)
    except ValueError:
        return None
    machine = engine.docker("version", "--format", "{{.Server.Arch}}").out.strip()
    entries = manifest if isinstance(manifest, list) else [manifest]
    fitting = [
        entry for entry in entries if entry.get("Descriptor", {}).get("platform", {}).get("architecture") == machine
    ]
    return next((sum(layer["size"] for layer in _manifest(entry).get("layers", [])) for entry in fitting), None)


def _manifest(entry: dict[str, Any]) -> dict[str, Any]:
    manifest: dict[str, Any] = entry.get("OCIManifest") or entry.get("SchemaV2Manifest") or {}
    return manifest


def build_cache() -> int | None:
    """The bytes of the engine's build cache that no image shares."""
    done = engine.docker("system", "df", "--format", "{{.Type}}\t{{.Size}}", timeout=60)
    row = re.search(r"(?m)^Build Cache\t(.*)$", done.out)
    return parsed(row[1]) if done.ok and row else None


def parsed(size: str) -> int:
    """The bytes that docker's words "12.3MB" stand for; 0 for anything else."""
    words = re.match(r"([\d.]+)\s*([kKMGT]?)B", size.strip())
    return round(float(words[1]) * 1000 ** " KMGT".index(words[2].upper() or " ")) if words else 0


def shown(size: int | None) -> str:
    """A size for people: 0 MB, 12 MB, 1.3 GB."""
    if size is None:
        return "an unknown size"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
