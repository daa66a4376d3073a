"""The layers of an image, read: which files each has, which words are in them, which packages and build tools."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from workshop.engine import engine
from workshop.engine.images import Image

BASES = ("python:3.13-slim", "python:3.13")  # what lessons build on: no word of a student is in their files
METADATA = re.compile(r".*\.(?:dist|egg)-info/(?:METADATA|PKG-INFO)")
TOOL = re.compile(
    r"(?:.*/)?(?:s?bin|libexec(?:/[^/]+)*|lib/gcc(?:/[^/]+)*)/(?:[\w.]+-linux-\w+-)?"
    r"(gcc|g\+\+|cc|c\+\+|cc1|cc1plus|clang|clang\+\+|tcc|as|ld|make|gmake|cmake|ninja|rustc|cargo)(?:-[\d.]+)?"
)


class Package(NamedTuple):
    """An installed Python package: its version and the names of those that it requires."""

    version: str
    needs: frozenset[str]


@dataclass
class Layer:
    """One layer: `files` with their bytes, `tools` that build, each word `found` with a path that holds it."""

    digest: str
    files: dict[str, int] = field(default_factory=dict)
    tools: list[str] = field(default_factory=list)
    found: dict[str, str] = field(default_factory=dict)
    packages: dict[str, Package] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(self.files.values())

    @property
    def main_folder(self) -> str:
        """The folder that holds most of its bytes, at most three names deep."""
        weight: dict[str, int] = {}
        for path, size in self.files.items():
            top = "/".join(path.split("/")[:-1][:3])
            weight[top] = weight.get(top, 0) + size
        return f"/{max(weight, key=lambda top: weight[top])}" if weight else "/"


class Layers(list[Layer]):
    """The layers of an image, the lowest first."""

    def first(self, test: Callable[[Layer], bool]) -> int | None:
        """The index of the first layer for which `test` holds, or None."""
        return next((index for index, layer in enumerate(self) if test(layer)), None)

    def place(self, index: int) -> str:
        """A layer as a reader counts it."""
        return f"layer {index + 1} of {len(self)}"

    def is_hidden(self, index: int, path: str) -> bool:
        """Whether a layer above `index` deletes its file `path`, by a whiteout of it or of a folder above it."""
        parts = path.split("/")
        marks = set()
        for depth, part in enumerate(parts):
            above = "".join(f"{name}/" for name in parts[:depth])
            marks |= {f"{above}.wh.{part}", f"{above}.wh..wh..opq"}
        return any(not marks.isdisjoint(layer.files) for layer in self[index + 1 :])

    def described(self, indices: Iterable[int]) -> list[str]:
        """Some layers for a reader: the place of each, its size, and where most of that is."""
        sizes = {index: f"{self[index].size / 1e6:.1f} MB, mostly in {self[index].main_folder}" for index in indices}
        return [f"{self.place(index)} ({sizes[index] if self[index].size else 'no files'})" for index in sizes]

    def told(self, places: Sequence[tuple[int, str]], most: int = 5) -> list[str]:
        """Some (index, path) pairs for a reader."""
        return [f"/{path} ({self.place(index)})" for index, path in places[:most]]

    def are_hidden(self, places: Iterable[tuple[int, str]]) -> bool:
        """Whether all of these (index, path) pairs are deleted in a later layer; see `is_hidden`."""
        return all(self.is_hidden(index, path) for index, path in places)

    def written_again(self, indices: Sequence[int]) -> int:
        """Bytes of the files in these layers that a lower one of them has already."""
        seen: set[str] = set()
        again = 0
        for index in indices:
            again += sum(size for path, size in self[index].files.items() if path in seen)
            seen |= self[index].files.keys()
        return again

    def holders(self, word: str) -> list[tuple[int, str]]:
        """Where a word was found, as (index, path) pairs."""
        return [(index, layer.found[word]) for index, layer in enumerate(self) if word in layer.found]

    def packages(self) -> dict[str, Package]:
        """The Python packages of all layers that were read, by name."""
        return {name: package for layer in self for name, package in layer.packages.items()}


def read_layers(image: Image, words: Iterable[str] = ()) -> Layers:
    """The layers of an image, their files searched for `words`, deleted ones too.

    Of the layers of a known base image only the list of files is read.
    """
    known = [Image(name, image.run, image.context) for name in BASES if engine.has_image(name)]
    base = {digest for one in known for digest in one.layers}
    layers, pattern = Layers(), re.compile(b"|".join(re.escape(word.encode()) for word in words) or b"(?!)")
    with image.unpacked() as unpacked:
        for digest, archive in unpacked:
            layer = Layer(digest)
            layers.append(layer)
            for member in archive:
                path = member.name.removeprefix("./")
                layer.files[path] = member.size if member.isfile() else 0
                runs = member.issym() or member.islnk() or (member.isfile() and member.mode & 0o111)
                if runs and TOOL.fullmatch(path):
                    layer.tools.append(path)
                if digest in base:
                    continue
                opened = archive.extractfile(member) if member.isfile() else None
                content = opened.read() if opened else b""
                for word in pattern.findall(content + f"\n{path}\n{member.linkname}".encode("utf-8", "replace")):
                    layer.found.setdefault(word.decode(), path)
                if METADATA.fullmatch(path):
                    layer.packages |= _package(content.decode("utf-8", "replace"))
    return layers


def _package(metadata: str) -> dict[str, Package]:
    """What a package's METADATA says of it: nothing where it names no version."""
    head = metadata.replace("\r\n", "\n").partition("\n\n")[0]
    name, version = (re.search(rf"(?m)^{word}: *(\S+)", head) for word in ("Name", "Version"))
    needs = frozenset(_plain(word) for word in re.findall(r"(?m)^Requires-Dist: *([\w.-]+)", head))
    return {_plain(name[1]): Package(version[1], needs)} if name and version else {}


def _plain(name: str) -> str:
    """A package's name in its one canonical spelling."""
    return re.sub(r"[-_.]+", "-", name).lower()
