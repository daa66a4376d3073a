"""Images that a Dockerfile names and that could not be had: which ones are here instead, and which one may be meant."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from workshop.engine import engine

# Images that Docker itself keeps (https://hub.docker.com/u/library), as far as Dockerfiles of this field begin with them.
OFFICIAL = [
    "alpine",
    "amazonlinux",
    "archlinux",
    "bash",
    "busybox",
    "buildpack-deps",
    "caddy",
    "debian",
    "docker",
    "eclipse-temurin",
    "fedora",
    "golang",
    "hello-world",
    "httpd",
    "mariadb",
    "memcached",
    "mongo",
    "mysql",
    "nginx",
    "node",
    "php",
    "postgres",
    "pypy",
    "python",
    "rabbitmq",
    "redis",
    "ruby",
    "rust",
    "scratch",
    "swift",
    "traefik",
    "ubuntu",
    "valkey",
]
VERSION = r"(?:\d+(?:\.\d+){0,2}(?:-?(?:a|b|rc)\d*)?)"
SYSTEM = r"(?:slim|alpine[\d.]*|bookworm|trixie|bullseye|buster|stretch|windowsservercore\S*|nanoserver\S*)"
TAGS = {  # what a tag of these looks like; whether the registry has it, only the registry knows
    "python": re.compile(rf"latest|{VERSION}(?:-{SYSTEM})*|{SYSTEM}(?:-{SYSTEM})*"),
    "redis": re.compile(rf"latest|{VERSION}(?:-{SYSTEM})*|{SYSTEM}(?:-{SYSTEM})*"),
}
NOT_HAD = re.compile(
    r"^ERROR: failed to (?:solve|build)\S* (?:.*: )?(?P<image>[\w./:@-]+): failed to resolve source metadata for \S+:",
    re.MULTILINE,
)


@dataclass(frozen=True)
class NotHad:
    """An image that is not here, and whose registry could not be asked. `meant` is the image or stage that it may be a slip for, or "".

    `here` are images that the engine has; `stages` the names of the Dockerfile's stages; `platform` is set if it is asked for by name.
    """

    image: str
    meant: str = ""
    is_stage: bool = False  # it stands where a stage is named, and no stage is called so
    here: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    platform: str = ""


def not_had(log: str, dockerfile: str) -> NotHad | None:
    """The image that a build could not get, by the build's log; None if it failed over something else."""
    found = NOT_HAD.search(log)
    if not found:
        return None
    image = found["image"].removeprefix("docker.io/").removeprefix("library/")
    stages = tuple(re.findall(r"(?im)^[ \t]*FROM[ \t].*[ \t]AS[ \t]+(\S+)[ \t]*$", dockerfile))
    name = image.removesuffix(":latest")
    line = re.search(rf"(?im)^[ \t]*FROM[ \t]+--platform=(\S+)[ \t]+\S*{re.escape(name)}(?:\s|$)", dockerfile)
    is_stage = bool(re.search(rf"(?im)--from={re.escape(name)}(?:\s|$)", dockerfile)) and name not in OFFICIAL
    is_stage = is_stage and not re.search(r"[:/@]", name)
    meant = (
        difflib.get_close_matches(name.lower(), [stage.lower() for stage in stages], 1, 0.6)
        if not re.search(r"[:/@]", name)
        else []
    )
    if name in OFFICIAL:
        meant = []
    own = here()
    return NotHad(
        image, meant[0] if meant else likely(image), is_stage or bool(meant), own, stages, line[1] if line else ""
    )


def likely(image: str) -> str:
    """The image that a name is probably a slip for: one whose name it misspells, or whose tags never look so; else ""."""
    repository, _, tag = image.partition(":")
    if re.search(r"[/@]", image):
        return ""
    if repository not in OFFICIAL:
        near = difflib.get_close_matches(repository.lower(), OFFICIAL, 1, 0.75)
        return f"{near[0]}:{tag}" if near and tag else near[0] if near else ""
    pattern = TAGS.get(repository)
    if not pattern or not tag or pattern.fullmatch(tag):
        return ""
    own = [name for name in here() if name.startswith(f"{repository}:")]
    return (difflib.get_close_matches(image, own, 1, 0) or [repository])[0]


def here() -> tuple[str, ...]:
    """The images that the engine has of those that Docker keeps."""
    done = engine.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}")
    return tuple(name for name in sorted(set(done.out.split())) if name.partition(":")[0] in OFFICIAL)
