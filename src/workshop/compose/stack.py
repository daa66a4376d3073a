"""A student's compose stack, brought up from nothing within the workshop's limits, with copies of it side by side."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from workshop.compose import building, ends, looking
from workshop.compose import command as compose
from workshop.compose.facts import GivenUp
from workshop.compose.rewrite import STACK_LABEL, Plan, rewritten, seconds, set_aside
from workshop.compose.service import START_LIMIT, Container, StackService
from workshop.composefile import file as compose_file
from workshop.composefile.written import AsWritten
from workshop.engine import engine, helpers, images, notice
from workshop.engine.engine import must
from workshop.engine.run import Run
from workshop.guests import sweeper
from workshop.outcomes import Mismatch, NotUp
from workshop.patience import Ahead
from workshop.runtimes.evidence import PORT

UP_LIMIT = 60.0  # seconds for `docker compose up`
GRACE = 10  # seconds that Docker gives a container to end
UNTIL_PONG = "until redis-cli ping 2>/dev/null | grep -q PONG; do sleep 0.05; done"
PONG_LIMIT = 3.0  # seconds after which its container is looked at
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
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)  # what each image says: Entrypoint, User, …
    was_told: bool = False  # what the check leaves out was said
    copies: list[Stack] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    closing: threading.Event = field(default_factory=threading.Event)


class Stack:
    """A stack under a project name of its own. Made by `from_nothing`; further ones by `copy`."""

    as_written: AsWritten
    config: dict[str, Any]  # what Compose reads in it
    unset: tuple[str, ...] = ()  # the variables in it that are set nowhere
    profiles: tuple[str, ...] = ()  # whose services are there too
    _began: Ahead[Self] | None = None

    def __init__(self, shared: _Shared) -> None:
        self._shared, self.run, self.lesson = shared, shared.run, shared.lesson
        self.project = shared.run.name("stack")
        self.folder = shared.fresh_folder()
        self._file = shared.run.scratch("compose") / "compose.json"
        self._first: dict[str, str] = {}  # service → the name of its first container
        self.absent: dict[
            str, dict[str, str]
        ] = {}  # service → target of a mount → source that the folder does not have
        self.restarts: dict[str, int] = {}  # container → how often it was started again before the last `up`
        shared.copies.append(self)

    def run_once(self, service: str, limit: float = UP_LIMIT) -> engine.Done:
        """`docker compose run --rm SERVICE`: what became of it. What the service depends on comes up first, and stays."""
        if not self._file.exists():
            self._prepare()
        self._shared.note(f"docker compose run --rm {service}")
        return self._compose("run", "--rm", "--no-TTY", service, timeout=limit)

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

    def up(self, well: bool = True) -> Self:
        """Builds what is to be built and brings everything up, as `docker compose up --detach --wait` does; returns once `web` answers, or
        in a stack that needs no `web`, Redis.

        Raises NotUp with the cause where it does not come up. Without `well` no health test is waited for: it was seen to be well before.
        """
        if not self._file.exists():
            self._prepare()
        done = self._up()
        if not done.ok:
            raise looking.of_up(self, done)
        self._answering()
        if well:
            ends.wait_for_health(self, UP_LIMIT)
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
        """`docker compose down`, with `--volumes` where asked. Each has the time to end that the file gives it; `web` has none."""
        there = self.listed()
        slow: dict[int, list[str]] = {}
        for container in there:
            if container.service != "web":
                slow.setdefault(self._grace(container.service), []).append(container.name)
        for grace, names in slow.items():
            must(self.run.docker("stop", "--time", str(grace), *names, timeout=grace + 20))
        if there:  # with their anonymous volumes: after `down` nobody could find those
            must(helpers.remove(self.run, *(container.name for container in there)))
        must(self._compose("down", "--timeout", "0", *(["--volumes"] if volumes else [])))
        self._shared.note(f"docker compose down{' --volumes' if volumes else ''}")

    def _grace(self, service: str) -> int:
        """The seconds that a service is given to end: what the file says, but not longer than Docker gives by itself."""
        own = self.config["services"].get(service, {}).get("stop_grace_period")
        return min(GRACE, int(seconds(own, GRACE))) if own else GRACE

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
        if not (name := self.first(service)):
            return None
        done = self.run.docker("inspect", "--format", "{{json .State}}", name)
        return json.loads(done.out) if done.ok else None

    def first(self, service: str) -> str | None:
        """The name of a service's first container, which is the same after `down` and `up`; None before it is made. Looked up once."""
        if service not in self._first and (names := self.containers(service)):
            self._first[service] = names[0]
        return self._first.get(service)

    def redis_cli(self, *words: str) -> str:
        """What `redis-cli` answers in the service `redis`, in its own form for scripts: an empty text for nil.

        Where Redis wants a password or listens on a port of its own, it is asked as `web` does, by the REDIS_URL there.
        """
        self._shared.note(" ".join(("docker compose exec redis redis-cli", *words)))
        name = self.first("redis")
        if not name:
            return ""
        done = self.run.docker("exec", name, "redis-cli", *words, timeout=10)
        refused = done.out.startswith("NOAUTH ") or done.err.startswith("Could not connect")
        if refused and "web" in self._shared.needs:
            url = urlsplit(self.service("web").environment.get("REDIS_URL", ""))
            port = url.netloc.rpartition("@")[2].partition(":")[2] or "6379"
            user = ["--user", unquote(url.username)] if url.username else []
            password = ("--env", f"REDISCLI_AUTH={unquote(url.password or '')}")
            ask = ("redis-cli", "-p", port, *user, *words)
            done = self.run.docker("exec", *password, name, *ask, timeout=10)
        return done.out.removesuffix("\n")

    def _prepare(self) -> None:
        compose.need()
        self.as_written = compose_file.read(self.folder, self._shared.lesson)
        files = compose_file.layers(self.folder, self.as_written)
        env = compose.bare(self._file.parent, self.folder)
        profiles = [word for name in self.profiles for word in ("--profile", name)]
        done = self._compose(*profiles, "config", "--format", "json", files=files, env=env, memory=compose.MEMORY)
        looking.of_size(self, done)
        if not done.ok:
            raise looking.of_config(self, done)
        self.config, self.unset = json.loads(done.out), looking.unset_in(done.err)
        self._tell()
        looking.look_over(self, self._shared.needs)
        self._open_mounts()
        made = rewritten(self.config, self._plan())
        set_aside(made, self.folder, self._file.parent)
        self._file.write_text(json.dumps(made), encoding="utf-8")

    def _tell(self) -> None:
        """Says once what the check leaves out, and what Compose warns of."""
        with self._shared.lock:
            if self._shared.was_told:
                return
            self._shared.was_told = True
        if left_out := dict.fromkeys(self.as_written.left_out):
            notice.tell(
                f"{self.as_written.name}: the check leaves out {', '.join(left_out)}; that matters elsewhere only."
            )
        for name in self.unset:
            place = self.as_written.uses(name, "services") or self.as_written.name
            notice.tell(f"{place}: Compose warns that the variable {name} is not set, so nothing stands in its place.")

    def _open_mounts(self) -> None:
        """Lets every user write to the folders that are mounted to be written to: on the student's machine they are the student's own."""
        for service, config in self.config["services"].items():
            for mount in config.get("volumes") or []:
                source = Path(mount.get("source") or "")
                if mount["type"] != "bind" or self.folder not in (source.resolve(), *source.resolve().parents):
                    continue
                if not source.exists():
                    shown = source.relative_to(self.folder) if source.is_relative_to(self.folder) else source.name
                    self.absent.setdefault(service, {})[mount["target"]] = f"./{shown}"
                elif source.is_dir() and not mount.get("read_only"):
                    for one in (source, *source.rglob("*")):
                        one.chmod(one.stat().st_mode | (0o777 if one.is_dir() else 0o666))

    def _plan(self) -> Plan:
        made = self._images()
        plan = Plan(self.run.id, self._shared.token, self.project, self.folder, made)
        names = list(dict.fromkeys(made.values()))
        with self._shared.lock:
            if not self._shared.configs:
                told = must(
                    self.run.docker("image", "inspect", "--format", "{{json .Config}}", *names)
                ).out.splitlines()
                self._shared.configs = {name: json.loads(line) for name, line in zip(names, told, strict=True)}
        plan.configs = {service: self._shared.configs[image] for service, image in made.items()}
        return plan

    def _images(self) -> dict[str, str]:
        with self._shared.lock:
            return {name: building.image_of(self, name, self._shared.images) for name in self.config["services"]}

    def _up(self, *words: str) -> engine.Done:
        began = time.monotonic()
        self.restarts = ends.restarts_now(self)

        def hopeless(_: str) -> GivenUp | None:
            if self._shared.closing.is_set():
                return GivenUp.OVER
            waited = time.monotonic() - began
            return GivenUp.HOPELESS if waited > 4 and self._is_hopeless(waited) else None

        return self._compose("up", "--detach", "--no-build", *words, timeout=UP_LIMIT, watch=hopeless)

    def _is_hopeless(self, waited: float) -> bool:
        return ends.is_hopeless(self, waited)

    def _answering(self) -> None:
        """Returns once `web` answers, or Redis where no `web` is needed."""
        if "web" in self._shared.needs:
            self._web_answers()
        else:
            self.redis_answers()

    def redis_answers(self) -> None:
        """Returns once the service `redis` answers PING. Raises NotUp with what was seen if its container ended, or it never answers."""
        end = time.monotonic() + START_LIMIT
        while not self.run.docker("exec", self.first("redis") or "", "sh", "-c", UNTIL_PONG, timeout=PONG_LIMIT).ok:
            for name, service, state in ends.states(self):
                if service == "redis" and state["Status"] in ends.OVER:
                    raise ends.ended(self, name, service)
            if time.monotonic() > end:
                asked = "docker compose exec redis redis-cli PING"
                said, log = self.redis_cli("PING") or "no answer", self.service("redis").log()
                raise NotUp(asked=asked, expected="PONG", actual=said, log=log)
            time.sleep(0.1)

    def _web_answers(self) -> None:
        end = time.monotonic() + START_LIMIT
        while True:
            web = self.service("web")
            try:
                web.find_port()
                web.wait_until_up()
                break
            except NotUp as problem:
                if time.monotonic() > end or not ends.may_come(self, web.name):
                    raise looking.of_web(self, web.name, problem) from None
                time.sleep(0.1)

    def _compose(
        self,
        *words: str,
        files: Sequence[Path] = (),
        timeout: float = 30.0,
        env: dict[str, str] | None = None,
        **options: Any,
    ) -> engine.Done:
        # what it runs names whole paths, and its `.env` is aside: a container may have changed the one in the folder
        home = self.folder if files else self._file.parent
        place = ("--project-directory", str(home), "--project-name", self.project)
        laid = [word for file in files or (self._file,) for word in ("--file", str(file))]
        env = env or compose.environment(self._file.parent)
        return self.run.docker("compose", *place, *laid, *words, timeout=timeout, env=env, **options)
