"""What is in a student's image, looked up for a hint's sake: its files with their rights and owners, its user, its Python packages.

Nothing is looked at before a mistake asks for it, and each thing once. What cannot be found out is None or empty: then nothing is claimed.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from workshop.engine import builds, helpers
from workshop.engine.engine import LISTED, Done
from workshop.engine.limits import LIMITS
from workshop.engine.run import Run
from workshop.outcomes import Ended
from workshop.probes.dockerfile import Dockerfile

T = TypeVar("T")
LOOK_LIMIT = 6.0  # seconds for one look
PASSED_OVER = ("/proc", "/sys", "/dev", "/usr/share", "/usr/include", "/var/lib", "/var/cache")
LIST = r"""PATH=/usr/local/bin:/usr/bin:/bin; cat /etc/passwd; echo //; cat /etc/os-release; echo //; find / -xdev \( {} \) -prune -o -exec stat -c '%A %u %n' {{}} +"""
SITES = re.compile(r"(.*/(?:site|dist)-packages)/[^/]+")


class File(NamedTuple):
    """A file or folder of an image: its mode as `ls -l` writes it, its owner's number, its path."""

    mode: str
    uid: int
    path: str

    @property
    def is_executable(self) -> bool:
        """Whether anyone may execute it."""
        return "x" in self.mode[1:] or "s" in self.mode[1:]


class Listing(NamedTuple):
    """The files of an image, its users, name → (number, home), and the name of its system, as in "Debian GNU/Linux 13 (trixie)"."""

    files: dict[str, File]
    users: dict[str, tuple[int, str]]
    system: str = ""


class Inside:
    """A student's folder, the Dockerfile in it, and the image that a container was started from, as far as there are any."""

    def __init__(self, run: Run, folder: Path, container: str | None = None, image: str | None = None) -> None:
        self.run, self.folder, self.container = run, folder, container
        self._image, self._stages = image, dict[int, Inside | None]()
        self.flags: tuple[str, ...] = ()  # that a build of the folder needs
        self._spent, self._others = 0.0, list[Inside]()

    @property
    def spent(self) -> float:
        """The seconds that the looks have taken, those into stages and base images among them."""
        return self._spent + sum(other.spent for other in self._others)

    def _look(self, look: Callable[[], T]) -> T | None:
        """What a look returns, None if the engine cannot be asked. Its time is kept apart."""
        start = time.monotonic()
        try:
            return look()
        except Ended:
            return None
        finally:
            self._spent += time.monotonic() - start

    def _docker(self, *words: str, **options: Any) -> Done | None:
        """A docker call that went well, or None."""
        done = self._look(lambda: self.run.docker(*words, timeout=LOOK_LIMIT, **options))
        return done if done and done.ok else None

    # The student's folder

    @cached_property
    def names(self) -> list[str]:
        """The paths of the files in the student's folder, with `/` between their parts."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.folder).as_posix() for path in found)

    def text(self, name: str) -> str | None:
        """The text of a file in the student's folder, or None."""
        try:
            return (self.folder / name).read_text("utf-8-sig", "replace")
        except (OSError, ValueError):
            return None

    @cached_property
    def dockerfile(self) -> Dockerfile | None:
        """The student's Dockerfile, or None: in a lesson without one, nothing is to be said of it."""
        text = self.text("Dockerfile")
        return None if text is None else Dockerfile(text)

    @property
    def is_bare(self) -> bool:
        """Whether the student hands in a program alone: no Dockerfile and no compose file, so that nothing is to be said of images."""
        names = [name.rpartition("/")[2].lower() for name in self.names]
        return not any("dockerfile" in name or "compose" in name for name in names) and self.dockerfile is None

    # The image

    @cached_property
    def details(self) -> dict[str, Any]:
        """What the engine says of the container; empty if it is gone, or there was none."""
        if not self.container:
            return {}
        done = self._docker("inspect", "--type", "container", self.container)
        return dict(json.loads(done.out)[0]) if done else {}

    @property
    def config(self) -> dict[str, Any]:
        """The configuration of the container: User, WorkingDir, Env, …"""
        return dict(self.details.get("Config") or {})

    @property
    def image(self) -> str | None:
        """The image's id, or None."""
        return self._image or self.details.get("Image")

    @property
    def workdir(self) -> str:
        """The folder in which the container starts."""
        return str(self.config.get("WorkingDir") or "/")

    @property
    def mounts(self) -> list[str]:
        """Where something is mounted over the image's files."""
        return [mount["Destination"] for mount in self.details.get("Mounts") or []]

    @property
    def path(self) -> list[str]:
        """The folders in which commands are looked for."""
        named = [word for word in self.config.get("Env") or [] if word.startswith("PATH=")]
        return named[-1][5:].split(":") if named else []

    @cached_property
    def listing(self) -> Listing | None:
        """The files of the image, by path; None if they cannot be listed: an image may have neither shell nor find."""
        if not self.image:
            return None
        command = LIST.format(" -o ".join(f"-path {path}" for path in PASSED_OVER))
        alone = (
            "--network",
            "none",
            *LIMITS,
            "--cap-add",
            "DAC_READ_SEARCH",
            "--user",
            "0",
            "--entrypoint",
            "/bin/sh",
        )
        done = self._look(
            lambda: helpers.passing(self.run, *alone, str(self.image), "-c", command, timeout=LOOK_LIMIT, kept=LISTED)
        )
        if not done:
            return None
        head, _, rest = done.out.partition("//\n")
        release, mark, rest = rest.partition("//\n")
        if not mark:
            return None
        system = re.search(r'(?m)^PRETTY_NAME="?([^"\n]*)', release)
        users = {row[0]: (int(row[2]), row[5]) for line in head.splitlines() if len(row := line.split(":")) > 5}
        rows = (line.split(" ", 2) for line in rest.splitlines())
        return Listing(
            {row[2]: File(row[0], int(row[1]), row[2]) for row in rows if len(row) == 3},
            users,
            system[1] if system else "",
        )

    @property
    def files(self) -> dict[str, File]:
        """The files and folders of the image by their path; empty if they could not be listed."""
        return self.listing.files if self.listing else {}

    @property
    def user(self) -> str:
        """The name, or the number, of the user that the container runs as."""
        return str(self.config.get("User") or "root").split(":")[0]

    @property
    def home(self) -> str:
        """The home of that user; / for one that has none."""
        users = self.listing.users if self.listing else {}
        by_number = {str(number): home for number, home in users.values()}
        home = users[self.user][1] if self.user in users else by_number.get(self.user, "/")
        return "/root" if self.user == "root" else home

    def read(self, path: str) -> bytes | None:
        """The bytes of a file of the container, or None."""
        if not self.container:
            return None
        copy = self.run.scratch("looked") / "file"
        done = self._docker("cp", "--follow-link", f"{self.container}:{path}", str(copy))
        try:
            return copy.read_bytes() if done else None
        except OSError:
            return None

    def source(self, path: str) -> str | None:
        """The text of a file of the container. Without one, or a container that cannot be looked into, of the student's own file of that name."""
        content = self.read(path if path.startswith("/") else f"{self.workdir.rstrip('/')}/{path}")
        return content.decode("utf-8", "replace") if content is not None else self.text(path.rpartition("/")[2])

    def module_places(self, name: str) -> list[str]:
        """The folders of the image that hold a module or package of this name, those of packages first."""
        root = name.partition(".")[0]
        own = (f"/{root}.py", f"/{root}/__init__.py")
        found = {path[: -len(end)] or "/" for path in self.files for end in own if path.endswith(end)}
        tops = {place for place in found if SITES.fullmatch(f"{place}/x") or not SITES.match(place)}
        return sorted(tops, key=lambda place: (not SITES.fullmatch(f"{place}/x"), place))

    # The stages of a Dockerfile, and what they begin with

    def base(self, image: str) -> Inside:
        """The image of this name, as far as it is here."""
        return self._other(image)

    def _other(self, image: str) -> Inside:
        self._others.append(Inside(self.run, self.folder, image=image))
        return self._others[-1]

    def stage(self, number: int) -> Inside | None:
        """A stage of the Dockerfile, built from the cache; None if it cannot be had."""
        if number not in self._stages:
            self._stages[number] = None
            name = self.dockerfile.stages[number].name if self.dockerfile else ""
            flags = (*self.flags, "--target", name or str(number))
            made = self._look(lambda: builds.build(self.run, self.folder, limit=LOOK_LIMIT, flags=flags))
            if made:
                self._stages[number] = self._other(made.id)
        return self._stages[number]


def known(
    names: Sequence[str] = (),
    dockerfile: str | None = None,
    files: Sequence[str] = (),
    command: Sequence[str] = (),
    texts: Mapping[str, str] | None = None,
    **config: str,
) -> Inside:
    """An example: what one would see of a folder with files of these `names` and an image with these `files`, none of which exists.

    `texts` are the texts of some files; `config` is the image's: User, WorkingDir. A file that ends in * may be executed.
    """
    inside = Inside.__new__(Inside)
    modes = {name.rstrip("*"): "-rwxr-xr-x" if name.endswith("*") else "-rw-r--r--" for name in files}
    users = {"root": (0, "/root"), "app": (1000, "/home/app")}
    listing = Listing({path: File(mode, 0, path) for path, mode in modes.items()}, users, "Debian GNU/Linux 13")
    vars(inside).update(
        names=[*names, *(texts or {})],
        dockerfile=None if dockerfile is None else Dockerfile(dockerfile),
        listing=listing,
        details={"Config": {"WorkingDir": "/app", **config}, "Path": "", "Args": list(command)},
        container=None,
        _stages={},
        _image=None,
        _spent=0.0,
        _others=[],
        text=(texts or {}).get,
        base=lambda image: inside,
    )
    return inside
