"""Takes in what `workshop class pack` packed: images for the Docker Engine, and the workshop's own packages. Standard library only.

`./workshop class unpack FILE` runs it as it is where the workshop's environment cannot be made yet, for want of just these packages:
`python unpacking.py ROOT FILE`. A parcel is a tar.gz: parcel.json with the sizes and digests of all that follows, images.tar as `docker save` writes
it, and wheels/. All of it is read and compared before any of it is used.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

KIND = "workshop parcel 1"
LIST, IMAGES, WHEELS = "parcel.json", "images.tar", "wheels"
LOCKS = ("requirements.txt", "requirements-uv.txt")
NAME = re.compile(r"images\.tar|wheels/[A-Za-z0-9][A-Za-z0-9._+!-]*\.whl")
IMAGE = re.compile(r"(?:python|redis|registry|workshop-python|workshop-notebook):[\w.-]+")
LIST_LIMIT = 2**20  # bytes
CHUNK = 2**20
DAMAGED = (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, KeyError, TypeError, AttributeError)
NO_PARCEL = "{} is no parcel of `./workshop class pack`, or it is damaged: {}. Copy it again, or pack it again."
OTHER_VERSION = (
    "{} was packed by another version of the workshop. Take the same version on both machines, and pack again."
)
OTHER_PYTHON = "Its packages are for {}; this is {}. Only the images are taken."
NO_ENGINE = "The images could not be loaded: {}. Start the Docker Engine, then run the same command again."


class NotTaken(Exception):
    """Nothing of the parcel is taken, or not all of it; the text says why and what to do."""


def kind_of_python() -> str:
    """For which Python, system and processor a wheel is made here."""
    return f"{sys.implementation.cache_tag} on {sysconfig.get_platform()}"


def version_of(root: Path) -> str:
    """What packages and images are made from in a checkout."""
    whole = hashlib.sha256()
    supplies = [path for kind in ("python", "notebook") for path in (root / "src/workshop/guests" / kind).glob("*")]
    for path in (*(root / name for name in LOCKS), *sorted(path for path in supplies if path.is_file())):
        whole.update(path.name.encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return whole.hexdigest()


def unpack(parcel: Path, root: Path, say: Callable[[str], object]) -> None:
    """Loads the images and lays the packages where `./workshop` looks for them. Raises NotTaken."""
    state = root / ".workshop"
    state.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="unpacking-", dir=state) as scratch:
        try:
            about = _compared(parcel, Path(scratch))
        except DAMAGED as error:
            raise NotTaken(NO_PARCEL.format(parcel.name, str(error) or type(error).__name__)) from None
        if about["version"] != version_of(root):
            raise NotTaken(OTHER_VERSION.format(parcel.name))
        if about["python"] == kind_of_python():
            shutil.rmtree(state / WHEELS, ignore_errors=True)
            (Path(scratch) / WHEELS).rename(state / WHEELS)
            say(
                f"{sum(name != IMAGES for name in about['files'])} packages: the set-up of the workshop takes them from here."
            )
        else:
            say(OTHER_PYTHON.format(about["python"], kind_of_python()))
        _load(Path(scratch) / IMAGES)
        say(f"{len(about['images'])} images loaded: {', '.join(about['images'])}")


def _compared(parcel: Path, scratch: Path) -> dict[str, Any]:
    """Writes what is in the parcel to `scratch`, and returns its list. Raises one of DAMAGED for anything that is not as the list says."""
    (scratch / WHEELS).mkdir()
    with tarfile.open(parcel, "r|gz") as members:
        first = members.next()
        if first is None or first.name != LIST or not first.isreg() or first.size > LIST_LIMIT:
            raise ValueError(f"it does not begin with {LIST}")
        about: dict[str, Any] = json.loads(_opened(members, first).read())
        if about.get("kind") != KIND:
            raise ValueError("its list is of another kind")
        left = {name: (int(size), str(digest)) for name, (size, digest) in about["files"].items()}
        if IMAGES not in left or not all(map(NAME.fullmatch, left)):
            raise ValueError("its list names files that no parcel has")
        needed, free = sum(size for size, _ in left.values()), shutil.disk_usage(scratch).free
        if needed > free:
            raise NotTaken(f"It takes {needed // 2**20} MB, and the disk has {free // 2**20} MB left.")
        while member := members.next():
            if member.name not in left or not member.isreg():
                raise ValueError(f"{member.name!r} does not belong there")
            size, digest = left.pop(member.name)
            if member.size != size or _copied(_opened(members, member), scratch / member.name) != digest:
                raise ValueError(f"{member.name} is not what was packed")
    if left:
        raise ValueError(f"{min(left)} is missing")
    _look_at(scratch / IMAGES, about["images"])
    return about


def _opened(members: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    found = members.extractfile(member)
    assert found is not None
    return found


def _copied(source: IO[bytes], target: Path) -> str:
    """Copies a file, and returns its digest."""
    digest = hashlib.sha256()
    with target.open("xb") as file:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def _look_at(archive: Path, images: Iterable[str]) -> None:
    """Raises ValueError if an archive of images would load another image than the list says, or one that is not the workshop's."""
    with tarfile.open(archive, "r:") as members:
        inside = json.loads(_opened(members, members.getmember("manifest.json")).read())
    named = {name for image in inside for name in image["RepoTags"] or ["one without a name"]}
    if named != set(images) or not all(map(IMAGE.fullmatch, named)):
        raise ValueError(f"it holds the images {', '.join(sorted(named))}")


def _load(archive: Path) -> None:
    docker = shutil.which("docker")
    if docker is None:
        raise NotTaken(NO_ENGINE.format("there is no docker command"))
    done = subprocess.run(
        [docker, "load", "--quiet", "--input", str(archive)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotTaken(NO_ENGINE.format((done.stderr.strip().splitlines() or ["docker load failed"])[-1].rstrip(".")))


def main() -> int:
    """`unpacking.py ROOT FILE`; the exit code is 0, or 2 if nothing could be taken."""
    if len(sys.argv) != 3 or sys.argv[2].startswith("-"):
        print("Usage: workshop class unpack FILE", file=sys.stderr)
        return 2
    try:
        unpack(Path(sys.argv[2]), Path(sys.argv[1]), lambda text: print(f"  {text}", file=sys.stderr))
    except NotTaken as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
