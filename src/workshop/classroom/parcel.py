"""Packing what a room without internet needs into one file: the images of lessons, and the workshop's own packages. `guests.unpacking` takes it in."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from workshop.course.lessons import Lesson
from workshop.course.places import ROOT
from workshop.engine import builds, engine, images
from workshop.engine.run import run
from workshop.guests import unpacking
from workshop.machine.cost import base_images
from workshop.outcomes import Unchecked

SAVE_LIMIT = 900.0  # seconds
NO_PACKAGES = "The workshop's packages could not be downloaded."


def images_for(lessons: Iterable[Lesson]) -> list[str]:
    """The names of the images that these lessons stand on, each made sure to be there. Raises Unchecked if one cannot be had."""
    names = sorted(set().union(*(base_images(lesson) for lesson in lessons)))
    for name in names:
        images.need_image(name)
    with run() as keeper:
        return [*names, *(builds.supply(kind, keeper) for kind in ("python", "notebook"))]


def pack(target: Path, names: Sequence[str], say: Callable[[str], object], root: Path = ROOT) -> str:
    """Writes the parcel, and returns its SHA-256. Raises Unchecked."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".packing-", dir=target.resolve().parent) as scratch:
        folder = Path(scratch)
        say(f"Saving {len(names)} images.")
        engine.must(engine.docker("save", "--output", str(folder / unpacking.IMAGES), *names, timeout=SAVE_LIMIT))
        say("Downloading the workshop's packages.")
        _download(folder, root)
        files = [folder / unpacking.IMAGES, *sorted((folder / unpacking.WHEELS).iterdir())]
        listed = {path.relative_to(folder).as_posix(): [path.stat().st_size, _digest_of(path)] for path in files}
        about = {"kind": unpacking.KIND, "version": unpacking.version_of(root), "python": unpacking.kind_of_python()}
        text = json.dumps({**about, "images": list(names), "files": listed}, indent=1)
        (folder / unpacking.LIST).write_text(text, encoding="utf-8")
        say("Writing the file.")
        whole = folder / "parcel"
        with tarfile.open(whole, "w:gz", compresslevel=1) as archive:
            for path in (folder / unpacking.LIST, *files):
                archive.add(path, path.relative_to(folder).as_posix(), recursive=False, filter=_plain)
        digest = _digest_of(whole)
        whole.replace(target)
    return digest


def _download(folder: Path, root: Path) -> None:
    """The wheels of the locks, for the Python and the system that this is."""
    tools, wheels = folder / "tools", folder / unpacking.WHEELS
    python = tools / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    locks = [word for name in unpacking.LOCKS for word in ("-r", str(root / name))]
    download = [str(python), "-m", "pip", "download", "--require-hashes", "--only-binary", ":all:", *locks]
    for command in ([sys.executable, "-m", "venv", str(tools)], [*download, "--dest", str(wheels)]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unchecked(NO_PACKAGES, actual=done.stderr.strip()[-1000:])


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the name and the number of who packed it."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
