"""Images: the ones that the workshop supplies, and those that a student's Dockerfile makes."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
import shutil
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workshop.engine import engine, notice, packages
from workshop.engine.run import Run
from workshop.mistakes import diagnosis
from workshop.outcomes import NotUp, Unchecked
from workshop.report import last_lines

BASE = "python:3.13-slim"
REDIS = "redis:8"
SUPPLIES = Path(__file__).resolve().parents[1] / "guests"
OWN_IGNORE = "Dockerfile.dockerignore"
SUPPLY_LABEL = "workshop.image"

BUILD_LIMIT = float(os.environ.get("WORKSHOP_BUILD_LIMIT", "120"))  # seconds
SERVER_LIMIT = 10.0  # seconds without a word from a build in which a server was started
FILE_LIMIT = 512 * 1024 * 1024  # bytes that one file of a build may have
FILLS, SERVES = "workshop: stopped, the build fills the disk", "workshop: stopped, the build waits for a server"
DIRECTIVES = re.compile(r"(?:[ \t]*#[ \t]*\w+[ \t]*=[^\n]*\n)*")
FRONTEND = re.compile(r"(?im)^[ \t]*#[ \t]*syntax[ \t]*=[ \t]*(?:docker\.io/)?docker/dockerfile(?:[:@]\S*)?[ \t\r]*\n")
NO_FRONTEND = re.compile(r"resolve image config for docker-image://docker\.io/docker/dockerfile\S*\n#\d+ ERROR")
NEWER = re.compile(
    r"unexpected key|unknown flag"
)  # what the Dockerfile asks of that frontend, perhaps, and the engine's own does not know
SPACE_LIMIT = (
    int(os.environ.get("WORKSHOP_BUILD_SPACE", "3000")) * 2**20
)  # bytes that a build may take from the disk; the setting is in MB
TRIES = 3  # of a build where the builder itself fails
# What BuildKit says where it has lost track of builds that run side by side; seen once in a proof of 250 gradings; the next try is well.
# Known as https://github.com/moby/buildkit/issues/2303, 1170, 1491, 3635, 6521 and 6977.
BUILDERS_FAULT = re.compile(
    r"^ERROR: failed to (?:solve|build|receive status): .*(?:inconsistent graph state|failed to get state for index|failed to get deleted record"
    r"|snapshot \S+ does not exist|layer does not exist|failed to load cache: .*(?:not found|locked)|code = Unavailable)",
    re.MULTILINE,
)
BUILDER_FAILED = (
    "The engine's own builder failed, not a step of the Dockerfile. Check again; if it stays so, restart the engine."
)
SPACE_FLOOR = 1 * 1024**3  # bytes that must stay free


@functools.cache
def supply_name(kind: str) -> str:
    """The name of a supplied image; it changes with what the image is made from."""
    digest = hashlib.sha256()
    for path in sorted(path for path in (SUPPLIES / kind).iterdir() if path.is_file()):
        digest.update(path.name.encode() + path.read_bytes())
    return f"workshop-{kind}:{digest.hexdigest()[:12]}"


_ready: set[str] = set()
_making = threading.Lock()


def supply(kind: str, run: Run) -> str:
    """The name of a supplied image (`python`), made first where the engine does not have it.

    Raises Unchecked where its base image or packages cannot be had.
    """
    name = supply_name(kind)
    with _making:
        if name in _ready or engine.has_image(name):
            _ready.add(name)
            return name
        need_image(BASE)
        notice.tell(f"Building the image {name} of the workshop, this once: it takes packages from the network.")
        aside = run.scratch("build")
        flags, dockerfile = packages.for_build((SUPPLIES / kind / "Dockerfile").read_text(encoding="utf-8"), aside)
        (aside / "Dockerfile").write_text(dockerfile, encoding="utf-8", newline="\n")
        flags += ["--label", f"{SUPPLY_LABEL}={kind}", "--file", str(aside / "Dockerfile")]
        done = call_builder(run, "--tag", name, *flags, str(SUPPLIES / kind), timeout=600)
        if not done.ok:
            needs_network = (
                "The image that the workshop supplies could not be built: it needs Python packages from the network once. "
                "`./workshop doctor` tells more."
            )
            raise Unchecked(
                BUILDER_FAILED if BUILDERS_FAULT.search(done.err) else needs_network,
                actual=last_lines(done.err),
            )
        _ready.add(name)
        return name


def call_builder(
    run: Run, *words: str, timeout: float, watch: Callable[[], Callable[[str], str | None]] | None = None
) -> engine.Done:
    """Runs `docker build WORDS`, with plain progress; up to TRIES times where the builder itself fails. `watch` makes a watch for each try."""
    for _ in range(TRIES):
        done = run.docker("build", "--progress=plain", *words, timeout=timeout, watch=watch() if watch else None)
        if done.ok or not BUILDERS_FAULT.search(done.err):
            break
    return done


@functools.cache
def need_image(name: str) -> None:
    """Sees to it that the engine has an image, pulling it where it has not. Raises Unchecked where it cannot be had."""
    if engine.has_image(name):
        return
    notice.tell(f"Pulling the image {name}, this once.")
    done = engine.docker("pull", "--quiet", name, timeout=600)
    if not done.ok:
        raise Unchecked(
            f"The image {name} is not here and could not be pulled. With network, run `docker pull {name}` once.",
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
        found: dict[str, Any] = self.details["Config"]
        return found

    @property
    def layers(self) -> list[str]:
        """The layers' digests (RootFS.Layers), the base image's first."""
        found: list[str] = self.details["RootFS"].get("Layers", [])  # one that holds nothing has none
        return found

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
    found = archive.extractfile(name)
    assert found is not None
    return found


def free_space() -> int | None:
    """Bytes free where the engine keeps its images, or None where this machine cannot see that place."""
    root = _engine_root()
    return shutil.disk_usage(root).free if root else None


@functools.cache
def _engine_root() -> Path | None:
    if engine.is_remote():
        return None
    done = engine.docker("info", "--format", "{{.DockerRootDir}}")
    path = Path(done.out.strip() or "/nowhere")
    return path if done.ok and path.exists() else None


def _watch() -> Callable[[str], str | None]:
    """What a build is ended for before its time: a disk that it fills, a server that it waits for."""
    before = free_space()
    heard, since = 0, time.monotonic()

    def look(log: str) -> str | None:
        nonlocal heard, since
        if len(log) != heard:
            heard, since = len(log), time.monotonic()
        elif time.monotonic() - since > SERVER_LIMIT and diagnosis.serves(log):
            return f"\n{SERVES}"
        now = free_space()
        if before is None or now is None:
            return None
        taken = before - now
        if taken > SPACE_LIMIT or (now < SPACE_FLOOR and taken > SPACE_FLOOR // 8):
            return f"\n{FILLS}: it had taken {taken / 2**30:.1f} GB"
        return None

    return look


def build(
    run: Run,
    context: Path,
    *,
    no_cache: bool = False,
    limit: float = BUILD_LIMIT,
    flags: Sequence[str] = (),
    file: str = "Dockerfile",
) -> Image:
    """Builds the Dockerfile in `context`, or another `file` there; `flags` go to `docker build` as they are.

    Raises NotUp with the step, the cause and the last lines where that fails, Unchecked where a registry or package index could not be reached.
    """
    source = (context / file).read_bytes()
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotUp(
            "The Dockerfile is not saved as UTF-8. Save it again with the encoding UTF-8.",
            actual="bytes that are not UTF-8",
        ) from None
    aside = run.scratch("build")
    needed, text = packages.for_build(text, aside)
    if (context / OWN_IGNORE).is_file():  # the engine looks for it beside the Dockerfile
        shutil.copyfile(context / OWN_IGNORE, aside / OWN_IGNORE)
    cached = ("--no-cache",) if no_cache else ()
    tag = run.name("image")
    args = (*cached, "--tag", tag, "--label", run.label, "--ulimit", f"fsize={FILE_LIMIT}", *needed, *flags)
    asked = f"docker build {'--no-cache ' if no_cache else ''}--tag service ."

    def make(dockerfile: str) -> engine.Done:
        (aside / "Dockerfile").write_text(dockerfile, encoding="utf-8", newline="")
        return call_builder(run, *args, "--file", str(aside / "Dockerfile"), str(context), timeout=limit, watch=_watch)

    done = make(text)
    if not done.ok and NO_FRONTEND.search(done.err) and (plain := with_own_frontend(text)) != text:
        notice.tell(
            "docker/dockerfile, which the Dockerfile names in its line # syntax, cannot be had now. The engine's own is taken."
        )
        own = make(plain)
        done = done if NEWER.search(own.err) else own
    if done.ok:
        return Image(tag, run, context)
    raise _failure(replace(done, err=packages.without_mounts(done.err)), asked, limit)


def with_own_frontend(dockerfile: str) -> str:
    """The Dockerfile without a directive `# syntax=docker/dockerfile:…`: built by what the engine brings along. All else keeps its line.

    A directive counts only above the first other line (https://docs.docker.com/reference/dockerfile/#parser-directives).
    """
    top = DIRECTIVES.match(dockerfile)
    head = top[0] if top else ""
    kept = FRONTEND.sub("", head)
    return dockerfile if kept == head else f"{kept}#\n{dockerfile[len(head) :]}"


def _failure(done: engine.Done, asked: str, limit: float) -> Exception:
    shown = last_lines(done.err)
    if FILLS in done.err:
        return NotUp(
            "The build fills the disk. Which step writes so much?", asked=asked, expected="an image", actual=shown
        )
    step = diagnosis.running_step(done.err)
    if SERVES in done.err:
        return NotUp(
            f"The build waits for a server that was started{step} and never ends. RUN is for the time of the build. What the container is to do "
            "when it starts stands in CMD.",
            asked=asked,
            expected="an image",
            actual=shown,
        )
    if done.code is None:
        hint = f"The build was still at work after {limit:.0f} s{step} and was ended. Which command there never ends?"
        return NotUp(hint, asked=asked, expected="an image", actual=shown)
    if engine.TROUBLE[engine.Trouble.DISK_FULL].search(done.err) and (free_space() or SPACE_FLOOR) < SPACE_FLOOR:
        return engine.EngineTrouble(engine.Trouble.DISK_FULL, done.err)
    if diagnosis.is_offline(done.err):
        return Unchecked(
            "The build needs something from the network that cannot be reached now. That is not the Dockerfile's fault.",
            actual=shown,
        )
    if BUILDERS_FAULT.search(done.err):
        return Unchecked(BUILDER_FAILED, actual=shown)
    cause = diagnosis.of_build(done.err)
    return NotUp(
        cause.hint,
        mistake=cause.slug,
        asked=asked,
        expected="an image",
        actual=last_lines(diagnosis.build_excerpt(done.err), 18),
    )
