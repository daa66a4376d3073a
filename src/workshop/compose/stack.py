"""A student's compose stack, brought up from nothing within the workshop's limits, with copies of it side by side."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from workshop.compose import command as compose
from workshop.compose import looking
from workshop.compose.facts import GivenUp
from workshop.compose.rewrite import STACK_LABEL, Plan, rewritten
from workshop.compose.service import Container, StackService
from workshop.composefile import file as compose_file
from workshop.composefile.written import AsWritten
from workshop.course import handin
from workshop.engine import builds, engine, helpers, images
from workshop.engine.engine import must
from workshop.engine.run import Run
from workshop.guests import sweeper
from workshop.outcomes import Mismatch, NotUp
from workshop.patience import Ahead
from workshop.runtimes.evidence import PORT

UP_LIMIT = 60.0  # seconds for `docker compose up`
GRACE = 10  # seconds that Docker gives a container to end
PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"


@dataclass
class _Shared:
    """What all copies of one stack have in common."""

    run: Run
    fresh_folder: Callable[[], Path]
    lesson: str
    note: Callable[[str], None]
    needs: Sequence[str]
    token: str
    images: dict[str, images.Image] = field(default_factory=dict)
    copies: list[Stack] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    closing: threading.Event = field(default_factory=threading.Event)


class Stack:
    """A stack under a project name of its own. Made by `from_nothing`; further ones by `copy`."""

    as_written: AsWritten
    config: dict[str, Any]  # what Compose reads in it
    _began: Ahead[Self] | None = None

    def __init__(self, shared: _Shared) -> None:
        self._shared, self.run = shared, shared.run
        self.project = shared.run.name("stack")
        self.folder = shared.fresh_folder()
        self._file = shared.run.scratch("compose") / "compose.json"
        self._first: dict[str, str] = {}  # service → the name of its first container
        shared.copies.append(self)

    @classmethod
    def from_nothing(
        cls,
        run: Run,
        fresh_folder: Callable[[], Path],
        lesson: str,
        note: Callable[[str], None],
        needs: Sequence[str] = ("web", "redis"),
    ) -> Self:
        """The stack of a folder, not up yet. `fresh_folder` makes a copy of the folder, `needs` names the services."""
        return cls(_Shared(run, fresh_folder, lesson, note, needs, run.name("stacks")))

    def up(self) -> Self:
        """Builds what is to be built and brings everything up; returns once `web` answers.

        Raises NotUp with the cause where it does not come up.
        """
        if not self._file.exists():
            self._prepare()
        done = self._up()
        if not done.ok:
            raise looking.of_up(self, done)
        self._answering()
        return self

    def begin(self) -> Self:
        """Brings it up in the background; `wait` waits for it."""
        self._began = Ahead(self.up)
        return self

    def wait(self) -> Self:
        """Returns once what `begin` began is up; raises NotUp where it did not come up."""
        assert self._began is not None
        return self._began.get()

    def down(self, volumes: bool = False) -> None:
        """`docker compose down`, with `--volumes` where asked. Data are given the time to reach the disk, `web` is not."""
        there = self.listed()
        slow = [container.name for container in there if container.service != "web"]
        if slow:
            must(self.run.docker("stop", "--time", str(GRACE), *slow, timeout=GRACE + 20))
        if there:  # with their anonymous volumes: after `down` nobody could find those
            must(helpers.remove(self.run, *(container.name for container in there)))
        must(self._compose("down", "--timeout", "0", *(["--volumes"] if volumes else [])))
        self._shared.note(f"docker compose down{' --volumes' if volumes else ''}")

    def scale(self, **counts: int) -> list[StackService]:
        """`docker compose up --detach --scale web=2`; all containers of the services named, each answering.

        Raises Mismatch where Compose cannot do it.
        """
        words = [word for name, count in counts.items() for word in ("--scale", f"{name}={count}")]
        self._shared.note(" ".join(("docker compose up --detach", *words)))
        done = self._up("--no-recreate", *words)
        if not done.ok:
            cause = looking.of_up(self, done)
            raise Mismatch(expected=f"{', '.join(words[1::2])} running", actual=cause.actual, **cause.facts)
        found = [service for name in counts for service in self.services(name)]
        for service in found:
            service.wait_until_up()
        return found

    def copy(self) -> Self:
        """A second copy, of the folder and of the stack, begun in the background; `wait` waits until it is up."""
        return type(self)(self._shared).begin()

    def close(self) -> None:
        """Removes the stack and its copies with all their volumes, networks and images."""
        self._shared.closing.set()
        for copy in self._shared.copies:
            if copy._began:
                copy._began.wait()
        mine = f"label={STACK_LABEL}={self._shared.token}"
        for listed, remove in sweeper.KINDS.values():
            if things := self.run.docker(*listed, "--filter", mine).out.split():
                self.run.docker(*remove, *things)
        if made := [image.id for image in self._shared.images.values()]:
            self.run.docker("image", "rm", "--force", *made)

    def service(self, name: str) -> StackService:
        """The first container of a service: ask it over HTTP where it publishes a port, read its log, its state."""
        return self.services(name)[0]

    def services(self, name: str) -> list[StackService]:
        """All containers of a service, by name. Raises Mismatch where there is none."""
        targets = [port["target"] for port in self.config["services"][name].get("ports") or []]
        inner = PORT if PORT in targets or not targets else targets[0]
        found = []
        for container in self.listed():
            if container.service == name:
                service = StackService(self.run, container.name, inner, name)
                service.noted, service.port = self._shared.note, container.host_port(inner)
                found.append(service)
        if not found:
            raise Mismatch(f"The service `{name}` has no container.", expected=f"`{name}` running", actual="none")
        return found

    def containers(self, service: str) -> list[str]:
        """The names of a service's containers, those that ended or were never started among them."""
        return [container.name for container in self.listed() if container.service == service]

    def listed(self) -> list[Container]:
        """The stack's containers by name, as `docker ps --all` lists them now."""
        shown = f'{{{{.Names}}}}\t{{{{.Label "{SERVICE}"}}}}\t{{{{.Ports}}}}'
        done = must(self.run.docker("ps", "--all", "--filter", f"label={PROJECT}={self.project}", "--format", shown))
        rows = sorted(line.split("\t") for line in done.out.splitlines())
        return [Container(*row) for row in rows if len(row) == 3]

    def state(self, service: str) -> dict[str, Any] | None:
        """What the engine says of a service's first container (Running, StartedAt, Health, …); None before it is made."""
        if service not in self._first:
            if not (names := self.containers(service)):
                return None
            self._first[service] = names[0]
        done = self.run.docker("inspect", "--format", "{{json .State}}", self._first[service])
        return json.loads(done.out) if done.ok else None

    def redis_cli(self, *words: str) -> str:
        """What `redis-cli` answers in the service `redis`, in its own form for scripts: an empty text for nil.

        Where Redis wants a password or listens on a port of its own, it is asked as `web` does, by the REDIS_URL there.
        """
        self._shared.note(" ".join(("docker compose exec redis redis-cli", *words)))
        names = self.containers("redis")
        if not names:
            return ""
        done = self.run.docker("exec", names[0], "redis-cli", *words, timeout=10)
        if done.out.startswith("NOAUTH ") or done.err.startswith("Could not connect"):
            url = urlsplit(self.service("web").environment.get("REDIS_URL", ""))
            port = url.netloc.rpartition("@")[2].partition(":")[2] or "6379"
            user = ["--user", unquote(url.username)] if url.username else []
            password = ("--env", f"REDISCLI_AUTH={unquote(url.password or '')}")
            ask = ("redis-cli", "-p", port, *user, *words)
            done = self.run.docker("exec", *password, names[0], *ask, timeout=10)
        return done.out.removesuffix("\n")

    def _prepare(self) -> None:
        compose.need()
        self.as_written = compose_file.read(self.folder, self._shared.lesson)
        done = self._compose("config", "--format", "json", file=self.folder / self.as_written.name)
        if not done.ok:
            raise looking.of_config(self, done)
        self.config = json.loads(done.out)
        looking.look_over(self, self._shared.needs)
        self._file.write_text(json.dumps(rewritten(self.config, self._plan())), encoding="utf-8")

    def _plan(self) -> Plan:
        return Plan(self.run.id, self._shared.token, self.project, self.folder, self._images())

    def _images(self) -> dict[str, str]:
        with self._shared.lock:
            return {name: self._image(name, service) for name, service in self.config["services"].items()}

    def _image(self, name: str, service: Mapping[str, Any]) -> str:
        build = service.get("build")
        if not build:
            try:
                images.need_image(service["image"])
            except images.NoSuchImage as error:
                raise looking.of_image(self, name, service["image"], error.actual or "") from None
            return str(service["image"])
        context = Path(build["context"])
        file = build.get("dockerfile") or "Dockerfile"
        if self.folder not in (context.resolve(), *context.resolve().parents) or ".." in Path(file).parts:
            hint = f"`{name}` is built from a place outside the folder."
            raise NotUp(hint, mistake="built_outside_the_folder", actual=file)
        handin.require(context, file, self._shared.lesson)
        inside = context.relative_to(self.folder)
        key = json.dumps([str(inside), file, build.get("target"), build.get("args")], sort_keys=True)
        if key not in self._shared.images:
            flags = ["--target", build["target"]] if build.get("target") else []
            for argument, value in (build.get("args") or {}).items():
                flags += ["--build-arg", f"{argument}={value.replace('$$', '$')}"] if value is not None else []
            self._shared.images[key] = builds.build(self.run, context, flags=flags, file=file)
        return self._shared.images[key].id

    def _up(self, *words: str) -> engine.Done:
        began = time.monotonic()

        def hopeless(_: str) -> GivenUp | None:
            if self._shared.closing.is_set():
                return GivenUp.OVER
            waited = time.monotonic() - began
            return GivenUp.UNHEALTHY if waited > 4 and self._is_hopeless(waited) else None

        return self._compose("up", "--detach", "--no-build", *words, timeout=UP_LIMIT, watch=hopeless)

    def _is_hopeless(self, waited: float) -> bool:
        return looking.is_hopeless(self, waited)

    def _answering(self) -> None:
        """Returns once `web` answers and nothing else has ended with an error."""
        try:
            web = self.service("web")
            web.find_port()
            web.wait_until_up()
        except NotUp as problem:
            raise looking.of_web(self, problem) from None
        looking.look_for_ended(self)

    def _compose(self, *words: str, file: Path | None = None, timeout: float = 30.0, **options: Any) -> engine.Done:
        place = ("--project-directory", str(self.folder), "--project-name", self.project)
        env = compose.environment(self._file.parent)
        call = ("compose", *place, "--file", str(file or self._file), *words)
        return self.run.docker(*call, timeout=timeout, env=env, **options)
