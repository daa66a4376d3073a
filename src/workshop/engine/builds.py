"""Builds: how the image of a Dockerfile is made, a student's or one that the workshop supplies."""

from __future__ import annotations

import functools
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from workshop.engine import bases, engine, notice, packages
from workshop.engine.buildlog import BuildFailed, Stop, is_offline, serves
from workshop.engine.images import BASE, SUPPLIES, SUPPLY_LABEL, Image, need_image, supply_name
from workshop.engine.limits import ULIMITS
from workshop.engine.run import Run
from workshop.outcomes import NotUp, Unchecked
from workshop.report import last_lines

OWN_IGNORE = "Dockerfile.dockerignore"
BUILD_LIMIT = float(os.environ.get("WORKSHOP_BUILD_LIMIT", "120"))  # seconds
BESIDE = "WORKSHOP_BESIDE"  # in the environment, not empty: others build on this engine at the same time
CACHE_ID = "WORKSHOP_CACHE_ID"  # in the environment: where a build has its cache mounts, so that it shares none with anybody else's
SERVER_LIMIT = 10.0  # seconds without a word from a build in which a server was started
DIRECTIVES = re.compile(r"(?:[ \t]*#[ \t]*\w+[ \t]*=[^\n]*\n)*")
FRONTEND = re.compile(r"(?im)^[ \t]*#[ \t]*syntax[ \t]*=[ \t]*(?:docker\.io/)?docker/dockerfile(?:[:@]\S*)?[ \t\r]*\n")
NO_FRONTEND = re.compile(r"resolve image config for docker-image://docker\.io/docker/dockerfile\S*\n#\d+ ERROR")
NEWER = re.compile(
    r"unexpected key|unknown flag"
)  # what the Dockerfile asks of that frontend, perhaps, and the engine's own does not know
NEEDS_FRONTEND = (
    "docker/dockerfile, which the Dockerfile names in its line # syntax, cannot be downloaded now. The engine's own builder is older, "
    "and there is something in the Dockerfile that it does not know. Try again with internet, or write that line as this builder takes it."
)
SPACE_LIMIT = (
    int(os.environ.get("WORKSHOP_BUILD_SPACE", "3000")) * 2**20
)  # bytes that a build may take from the disk; the setting is in MB
FILES_LIMIT = 300_000  # files that a build may make: a disk holds only so many, however small
TRIES = 3  # of a build where the builder itself fails
# What BuildKit says where it has lost track of builds that run side by side; seen once in a proof of 250 gradings; the next try is well.
# "Unavailable" is said of one that went away in mid-build, too: the next try tells whether the engine is gone.
# Known as https://github.com/moby/buildkit/issues/2303, 1170, 1491, 3635, 6521 and 6977.
BUILDERS_FAULT = re.compile(
    r"^ERROR: failed to (?:solve|build|receive status): (?:Unavailable: |.*(?:inconsistent graph state|failed to get state for index|failed to get deleted record"
    r"|snapshot \S+ does not exist|layer does not exist|failed to load cache: .*(?:not found|locked)|code = Unavailable))",
    re.MULTILINE,
)
WHOSE = "The disk filled up while this was built beside other work, so it is not known which of them filled it. It has to be built once more, alone."
BUILDER_FAILED = "The engine's own builder failed, not a step of the Dockerfile. Check again; if that does not help, restart the engine."
SPACE_FLOOR = 1 * 1024**3  # bytes that must stay free


_ready: set[str] = set()
_making = threading.Lock()


def supply(kind: str, run: Run) -> str:
    """The name of a supplied image (`python`), made first where the engine does not have it.

    Raises Unchecked if its base image or packages cannot be had.
    """
    name = supply_name(kind)
    with _making:
        if name in _ready or engine.has_image(name):
            _ready.add(name)
            return name
        need_image(BASE)
        notice.tell(f"Building the workshop's image {name}, only this once: it needs packages from the network.")
        aside = run.scratch("build")
        flags, dockerfile = packages.for_build((SUPPLIES / kind / "Dockerfile").read_text(encoding="utf-8"), aside)
        (aside / "Dockerfile").write_text(dockerfile, encoding="utf-8", newline="\n")
        flags += ["--label", f"{SUPPLY_LABEL}={kind}", "--file", str(aside / "Dockerfile")]
        done = call_builder(run, "--tag", name, *flags, str(SUPPLIES / kind), timeout=600)
        if not done.ok:
            needs_network = (
                "The image that the workshop supplies could not be built: it needs Python packages from the network once. "
                "`./workshop doctor` says more."
            )
            raise Unchecked(
                BUILDER_FAILED if BUILDERS_FAULT.search(done.err) else needs_network,
                actual=last_lines(done.err),
            )
        _ready.add(name)
        return name


def call_builder(
    run: Run, *words: str, timeout: float, watch: Callable[[], Callable[[str], Stop | None]] | None = None
) -> engine.Done:
    """Runs `docker build WORDS`, with plain progress; up to TRIES times where the builder itself fails. `watch` makes a watch for each try."""
    for _ in range(TRIES):
        done = run.docker("build", "--progress=plain", *words, timeout=timeout, watch=watch() if watch else None)
        if done.ok or not BUILDERS_FAULT.search(done.err):
            break
    return done


def free_space() -> int | None:
    """Bytes free where the engine keeps its images, or None if this machine cannot see that place."""
    root = _engine_root()
    return shutil.disk_usage(root).free if root else None


def free_files() -> int | None:
    """How many files can still be made where the engine keeps its images, or None if this machine cannot see that place."""
    root = _engine_root()
    return os.statvfs(root).f_ffree if root and hasattr(os, "statvfs") else None


@functools.cache
def _engine_root() -> Path | None:
    if engine.is_remote():
        return None
    done = engine.docker("info", "--format", "{{.DockerRootDir}}")
    path = Path(done.out.strip() or "/nowhere")
    return path if done.ok and path.exists() else None


class _Watch:
    """What a build is ended for before its time: a disk that it fills, a server that it waits for. What it took of the
    disk are `taken` bytes and `files`; what others do at the same time is in there, too.
    """

    taken = files = 0

    def begin(self) -> Callable[[str], Stop | None]:
        """Begins to watch a try; returns what to ask, with the log so far."""
        self._before, self._files_before = free_space(), free_files()
        self._heard, self._since = 0, time.monotonic()
        return self._look

    def _look(self, log: str) -> Stop | None:
        if len(log) != self._heard:
            self._heard, self._since = len(log), time.monotonic()
        elif time.monotonic() - self._since > SERVER_LIMIT and serves(log):
            return Stop.SERVES
        now, files_now = free_space(), free_files()
        if self._files_before is not None and files_now is not None:
            self.files = self._files_before - files_now
            if self.files > FILES_LIMIT:
                return Stop.MANY_FILES
        if self._before is None or now is None:
            return None
        self.taken = self._before - now
        fills = self.taken > SPACE_LIMIT or (now < SPACE_FLOOR and self.taken > SPACE_FLOOR // 8)
        return Stop.FILLS_DISK if fills else None


def build(
    run: Run,
    context: Path,
    *,
    no_cache: bool = False,
    limit: float = BUILD_LIMIT,
    flags: Sequence[str] = (),
    file: str = "Dockerfile",
    inline: str | None = None,
) -> Image:
    """Builds the Dockerfile in `context`, another `file` there, or the text `inline`; `flags` go to `docker build` as they are.

    Raises NotUp with what was seen (`build`) and the last lines where that fails, Unchecked where a registry or package index could not be reached.
    """
    source = (context / file).read_bytes() if inline is None else inline.encode()
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotUp(
            "The Dockerfile is not saved as UTF-8. Save it again as UTF-8.",
            mistake="dockerfile_not_utf_8",
            actual="bytes that are not UTF-8",
        ) from None
    aside = run.scratch("build")
    needed, text = packages.for_build(text, aside)
    own_ignore = context / f"{file}.dockerignore"  # the engine looks for it beside the Dockerfile
    if inline is None and own_ignore.is_file():
        shutil.copyfile(own_ignore, aside / OWN_IGNORE)
    cached = ("--no-cache",) if no_cache else ()
    tag = run.name("image")
    walls = ("--ulimit", f"fsize={ULIMITS['fsize']}", *apart())
    args = (*cached, "--tag", tag, "--label", run.label, *needed, *flags, *walls)
    asked = f"docker build {'--no-cache ' if no_cache else ''}--tag service ."

    watch = _Watch()

    def make(dockerfile: str) -> engine.Done:
        (aside / "Dockerfile").write_text(dockerfile, encoding="utf-8", newline="")
        words = (*args, "--file", str(aside / "Dockerfile"), str(context))
        return call_builder(run, *words, timeout=limit, watch=watch.begin)

    done = make(text)
    if not done.ok and NO_FRONTEND.search(done.err) and (plain := with_own_frontend(text)) != text:
        own = make(plain)
        if NEWER.search(own.err):
            raise Unchecked(NEEDS_FRONTEND, actual=last_lines(own.err))
        notice.tell(
            "docker/dockerfile, which the Dockerfile names in its line # syntax, cannot be downloaded now. The engine's own is used instead."
        )
        done = own
    if done.ok:
        return Image(tag, run, context)
    done = replace(done, err=packages.without_mounts(done.err))
    failed = BuildFailed(done.err, taken=watch.taken, files=watch.files, context=context, flags=tuple(flags))
    raise _failure(done, asked, failed, bases.not_had(done.err, text))


def apart() -> tuple[str, ...]:
    """The flags with which a build has its cache mounts for itself, however it spells them, where strangers' work is built on one engine."""
    own = os.environ.get(CACHE_ID)
    return ("--build-arg", f"BUILDKIT_CACHE_MOUNT_NS={own}") if own else ()


def with_own_frontend(dockerfile: str) -> str:
    """The Dockerfile without a directive `# syntax=docker/dockerfile:…`: built by what the engine brings along. All else keeps its line.

    A directive counts only above the first other line (https://docs.docker.com/reference/dockerfile/#parser-directives).
    """
    top = DIRECTIVES.match(dockerfile)
    head = top[0] if top else ""
    kept = FRONTEND.sub("", head)
    return dockerfile if kept == head else f"{kept}#\n{dockerfile[len(head) :]}"


def _failure(done: engine.Done, asked: str, failed: BuildFailed, missing: bases.NotHad | None) -> Exception:
    shown = last_lines(done.err)
    if done.code is None:
        stop = done.stopped if isinstance(done.stopped, Stop) else Stop.TIME
        if stop in (Stop.FILLS_DISK, Stop.MANY_FILES) and os.environ.get(BESIDE):
            return Unchecked(WHOSE, actual=shown)
        ended = replace(failed, stop=stop, seconds=done.seconds)
        return NotUp(build=ended, asked=asked, expected="an image", actual=shown)
    if engine.TROUBLE[engine.Trouble.DISK_FULL].search(done.err) and (free_space() or SPACE_FLOOR) < SPACE_FLOOR:
        return engine.EngineTrouble(engine.Trouble.DISK_FULL, done.err)
    offline = is_offline(done.err)
    if missing and offline and not (missing.meant or missing.is_stage):
        where = f" for the platform {missing.platform}" if missing.platform else ""
        has = f" Here are: {', '.join(missing.here)}." if missing.here else ""
        return Unchecked(
            f"The build needs the image {missing.image}{where}. It is not here, and its registry could not be asked "
            f"whether there is one.{has} If you meant another one, correct its name; else try again with internet.",
            actual=shown,
        )
    if offline and not missing:
        return Unchecked("The build needs something from the network that cannot be reached now.", actual=shown)
    if BUILDERS_FAULT.search(done.err):
        return Unchecked(BUILDER_FAILED, actual=shown)
    failed = replace(failed, not_had=missing)
    return NotUp(build=failed, asked=asked, expected="an image", actual=last_lines(failed.excerpt, 18))
