"""Small images, made in memory: what a script publishes, and what a registry holds before it does. Each prints its word and ends."""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workshop.engine.engine import must
from workshop.engine.images import BASE
from workshop.engine.run import LABEL, Run

DATA_SIZE = 600_000  # bytes of a layer that cannot be compressed: large enough to be cut off in the middle
SYSTEM_LIMIT = 16 * 1024 * 1024  # bytes of the programs below, in base64
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
# Run in a container of the base image: `cat` with the libraries that it loads, as a tar archive.
PROGRAM = """
import base64, io, re, subprocess, tarfile
listed = subprocess.run(["ldd", "/bin/cat"], capture_output=True, text=True, check=True).stdout
buffer = io.BytesIO()
with tarfile.open(fileobj=buffer, mode="w", dereference=True) as archive:
    for path in ["/bin/cat", *re.findall(r"(/\\S+) \\(0x", listed)]:
        archive.add(path, path.lstrip("/"))
print(base64.b64encode(buffer.getvalue()).decode())
"""


def digest_of(content: bytes) -> str:
    """The name of a blob: sha256:…"""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Platform:
    """What every small image of a run has in common: the layer with its programs, and for which machine they are."""

    system: bytes
    about: Mapping[str, str]  # os, architecture, variant

    @classmethod
    def of(cls, run: Run, container: str) -> Platform:
        """The engine's own platform, with programs of a running container of the base image."""
        shape = '{"os":{{json .Os}},"architecture":{{json .Architecture}},"variant":{{json .Variant}}}'
        about = json.loads(must(run.docker("image", "inspect", "--format", shape, BASE)).out)
        done = must(run.docker("exec", container, "python", "-c", PROGRAM, kept=SYSTEM_LIMIT))
        return cls(base64.b64decode(done.out), {name: value for name, value in about.items() if value})


@dataclass(frozen=True)
class SmallImage:
    """An image of three layers. `name` is its name on this machine, and that of its repository; what it prints is `word`."""

    name: str
    version: str
    word: str
    layers: tuple[bytes, ...]  # as tar archives
    config: bytes

    @classmethod
    def made(cls, platform: Platform, run_id: str, name: str, version: str, word: str, data: bytes) -> SmallImage:
        """An image with its own word and data; it carries the label of the run."""
        layers = (platform.system, _tar({"word": f"{word}\n".encode()}), _tar({"data": data}))
        config = {
            **platform.about,
            "config": {"Cmd": ["/bin/cat", "/word"], "Labels": {LABEL: run_id}},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]},
            "history": [{"created_by": "the workshop"} for _ in layers],
        }
        return cls(name, version, word, layers, json.dumps(config).encode())

    @property
    def diff_ids(self) -> list[str]:
        """The digests of its layers, as the engine lists them (RootFS.Layers)."""
        return [digest_of(layer) for layer in self.layers]

    @functools.cached_property
    def _packed(self) -> list[bytes]:
        return [gzip.compress(layer, 1, mtime=0) for layer in self.layers]

    def blobs(self) -> dict[str, bytes]:
        """What a registry needs before its manifest, by digest."""
        return {digest_of(blob): blob for blob in (*self._packed, self.config)}

    def manifest(self) -> bytes:
        """Its manifest, as a registry stores it."""
        layers = [{"mediaType": LAYER, "size": len(blob), "digest": digest_of(blob)} for blob in self._packed]
        config = {"mediaType": CONFIG, "size": len(self.config), "digest": digest_of(self.config)}
        return json.dumps(
            {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}, indent=3
        ).encode()


def archive(images: Sequence[SmallImage]) -> bytes:
    """The images as `docker load` takes them."""
    files: dict[str, bytes] = {}
    index: list[dict[str, Any]] = []
    for image in images:
        layers = {f"{digest_of(layer)[7:]}.tar": layer for layer in image.layers}
        config = f"{digest_of(image.config)[7:]}.json"
        files |= layers | {config: image.config}
        index.append({"Config": config, "RepoTags": [f"{image.name}:latest"], "Layers": list(layers)})
    return _tar(files | {"manifest.json": json.dumps(index).encode()})


def _tar(files: Mapping[str, bytes]) -> bytes:
    """A tar archive of files that anybody may read."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            made.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
