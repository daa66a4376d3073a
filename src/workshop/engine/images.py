"""Images: the ones that the workshop needs and supplies, and what is seen of those that a student's Dockerfile made."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import re
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop.engine import engine, notice
from workshop.engine.run import Run
from workshop.outcomes import Unchecked
from workshop.report import last_lines

BASE = "python:3.13-slim"
REDIS = "redis:8"
REGISTRY = "registry:2"
SUPPLIES = Path(__file__).resolve().parents[1] / "guests"
SUPPLY_LABEL = "workshop.image"
NONE_OF_THAT_NAME = re.compile("manifest unknown|not found|does not exist|access denied|invalid reference format")


@functools.cache
def supply_name(kind: str) -> str:
    """The name of a supplied image; it changes with what the image is made from."""
    digest = hashlib.sha256()
    for path in sorted(path for path in (SUPPLIES / kind).iterdir() if path.is_file()):
        digest.update(path.name.encode() + path.read_bytes())
    return f"workshop-{kind}:{digest.hexdigest()[:12]}"


class NoSuchImage(Unchecked):
    """The registry answered, and has no image of that name."""


@functools.cache
def need_image(name: str) -> None:
    """Makes sure that the engine has an image, and pulls it if it is missing. Raises Unchecked if it cannot be had."""
    if engine.has_image(name):
        return
    notice.tell(f"Pulling the image {name}, only this once.")
    done = engine.docker("pull", "--quiet", name, timeout=600)
    if not done.ok:
        kind = NoSuchImage if NONE_OF_THAT_NAME.search(done.err) else Unchecked
        raise kind(
            f"The image {name} is not here and could not be pulled. Run `docker pull {name}` once you have a network.",
            actual=last_lines(done.err),
        )


@dataclass(frozen=True)
class Image:
    """An image that a Dockerfile made. `context` is the folder it was built from."""

    id: str
    run: Run
    context: Path

    @functools.cached_property
    def details(self) -> dict[str, Any]:
        """What `docker image inspect` says."""
        data: dict[str, Any] = json.loads(engine.must(self.run.docker("image", "inspect", self.id)).out)[0]
        return data

    @property
    def config(self) -> dict[str, Any]:
        """The image's configuration: Env, Cmd, User, Healthcheck, …"""
        config: dict[str, Any] = self.details["Config"]
        return config

    @property
    def layers(self) -> list[str]:
        """The layers' digests (RootFS.Layers), the base image's first."""
        layers: list[str] = self.details["RootFS"].get("Layers", [])  # one that holds nothing has none
        return layers

    @property
    def size(self) -> int:
        """Bytes of all layers."""
        return int(self.details["Size"])

    @functools.cached_property
    def history(self) -> list[str]:
        """The instructions that made the image, the last first."""
        return engine.must(
            self.run.docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", self.id)
        ).out.splitlines()

    @contextlib.contextmanager
    def unpacked(self) -> Iterator[list[tuple[str, tarfile.TarFile]]]:
        """The layers as open tar files with their digests, in order; gone after the block. Nothing is extracted."""
        folder = self.run.scratch("layers")
        archive = folder / "image.tar"
        engine.must(self.run.docker("save", "--output", str(archive), self.id, timeout=120))
        with contextlib.ExitStack() as stack:
            outer = stack.enter_context(tarfile.open(archive))
            stack.callback(shutil.rmtree, folder, True)
            manifest = json.load(_member(outer, "manifest.json"))[0]
            opened = [stack.enter_context(tarfile.open(fileobj=_member(outer, name))) for name in manifest["Layers"]]
            yield list(zip(self.layers, opened, strict=True))


def _member(archive: tarfile.TarFile, name: str) -> Any:
    member = archive.extractfile(name)
    assert member is not None
    return member
