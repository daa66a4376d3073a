"""A student's compose stack, brought up from nothing within the workshop's limits, with copies of it side by side."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from workshop.compose import command as compose
from workshop.compose import file as compose_file
from workshop.compose import looking
from workshop.compose.facts import GivenUp
from workshop.compose.rewrite import STACK_LABEL, Plan, rewritten
from workshop.compose.service import Container, FixedPort, StackService
from workshop.compose.written import AsWritten
from workshop.course import handin
from workshop.engine import builds, engine, helpers, images
from workshop.engine.engine import must
from workshop.engine.run import Run
from workshop.guests import sweeper
from workshop.outcomes import Mismatch, NotUp, Unchecked
from workshop.patience import Ahead, until
from workshop.runtimes.evidence import PORT
from workshop.runtimes.http import Answer

UP_LIMIT = 60.0  # seconds for `docker compose up`
RESTART_LIMIT = 20.0  # seconds in which a killed service must be back
HELD_PROBES = 5  # health probes of a held service after which nothing more is waited for; the engine keeps five
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

    def __init__(self, shared: _Shared, held: str | None = None) -> None:
        self._shared, self.run, self.held = shared, shared.run, held
        self.project = shared.run.name("stack")
        self.folder = shared.fresh_folder()
        self._file = shared.run.scratch("compose") / "compose.json"
        self._began: Ahead[Stack] | None = None
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
    ) -> Stack:
        """The stack of a folder, not up yet. `fresh_folder` makes a copy of the folder, `needs` names the services."""
        return cls(_Shared(run, fresh_folder, lesson, note, needs, run.name("stacks")))

    def up(self) -> Stack:
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

    def begin(self) -> Stack:
        """Brings it up in the background; `wait` waits for it."""
        self._began = Ahead(self.up)
        return self

    def wait(self) -> Stack:
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

    def copy(self, held: str | None = None) -> Stack:
        """A second copy, of the folder and of the stack, begun in the background; `wait` waits until it is up.

        The service `held` starts and does nothing until `release`.
        """
        return Stack(self._shared, held).begin()

    def release(self) -> None:
        """Lets the service that was held back begin its work."""
        assert self.held
        must(self.run.docker("kill", "--signal", "USR1", *self.containers(self.held)))

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
            told = dict(value.split("=", 1) for value in self.service("web").inspect()["Config"]["Env"])
            url = urlsplit(told.get("REDIS_URL", ""))
            port = url.netloc.rpartition("@")[2].partition(":")[2] or "6379"
            user = ["--user", unquote(url.username)] if url.username else []
            password = ("--env", f"REDISCLI_AUTH={unquote(url.password or '')}")
            ask = ("redis-cli", "-p", port, *user, *words)
            done = self.run.docker("exec", *password, names[0], *ask, timeout=10)
        return done.out.removesuffix("\n")

    def kill_web_process(self) -> None:
        """SIGKILL to the first process of `web`, by its id on the host: for Docker it has died by itself."""
        pid = self.service("web").state["Pid"]
        must(helpers.helper(self.run, "sh", "-c", f"kill -9 {pid}", rights=["KILL"], flags=("--pid", "host")))
        self._shared.note("kill -9 of web's first process, from outside the container")

    def back_again(self, name: str, before: Mapping[str, Any]) -> StackService | None:
        """The service once it runs and answers again, where `before` was its state; None where it stays away."""
        gone = 0  # looks in a row that saw it ended, and not started since

        def look() -> bool | None:
            nonlocal gone
            now = self.state(name) or {}
            was_started = now.get("StartedAt") != before["StartedAt"]
            gone = gone + 1 if now.get("Status") == "exited" and not was_started else 0
            if gone > 10:
                return False
            return True if now.get("Running") and not now.get("Restarting") and was_started else None

        if not until(look, RESTART_LIMIT, 0.1, enough=lambda seen: seen is not None):
            return None
        service = self.service(name)
        service.wait_until_up()
        return service

    def start_again(self, name: str) -> None:
        """Starts a service that stayed away, as `docker start` does: the next check finds it running."""
        self.run.docker("start", *self.containers(name))
        with contextlib.suppress(NotUp):
            self.service(name).wait_until_up()

    def fixed_port(self, service: str) -> FixedPort | None:
        """The first host port that the file as written fixes for a service; a range leaves a choice."""
        fixed = [port for port in self.config["services"][service].get("ports") or [] if port.get("published")]
        for port in fixed:
            if "-" not in str(port["published"]) and port["published"] != "0":
                at = self.as_written.at("services", service, "ports")
                return FixedPort(str(port["published"]), at.line if at else 1, "$" in str(at and at.value))
        return None

    def fixed_names(self, kind: str) -> list[str]:
        """The `volumes` or `networks` whose name the file fixes, so that all copies of the stack share them."""
        found = self.config.get(kind) or {}
        return [
            name for name, thing in found.items() if (thing or {}).get("name") not in (None, f"{self.project}_{name}")
        ]

    def answer_while_held(self, name: str) -> Answer | None:
        """What a service answers while another is held back; None where it does not start, or starts and is silent.

        It is given time: until `docker compose up` has ended, or until the held service was asked often for its health.
        """
        assert self._began and self.held
        end = time.monotonic() + UP_LIMIT
        while time.monotonic() < end:
            state = self.state(name)
            if state and state["Running"]:
                return self.service(name).first_answer()
            probes = len((((self.state(self.held) or {}).get("Health")) or {}).get("Log") or [])
            if self._began.wait(0):
                self._began.get()
            if probes >= HELD_PROBES:
                return None
            time.sleep(0.3)
        raise Unchecked("The stack was not brought up in time to see what waits for what.")

    def _prepare(self) -> None:
        compose.need()
        self.as_written = compose_file.read(self.folder, self._shared.lesson)
        done = self._compose("config", "--format", "json", file=self.folder / self.as_written.name)
        if not done.ok:
            raise looking.of_config(self, done)
        self.config = json.loads(done.out)
        looking.look_over(self, self._shared.needs)
        plan = Plan(self.run.id, self._shared.token, self.project, self.folder, self._images(), held=self.held)
        if self.held:
            plan.commands = {self.held: self._command(self.held, plan.images[self.held])}
        self._file.write_text(json.dumps(rewritten(self.config, plan)), encoding="utf-8")

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

    def _command(self, name: str, image: str) -> list[str]:
        """The whole command line of a service: its own words, or its image's."""
        service = self.config["services"][name]
        found = json.loads(must(self.run.docker("image", "inspect", "--format", "{{json .Config}}", image)).out)
        entry, words = service.get("entrypoint"), service.get("command")
        if entry is None:
            entry, words = found.get("Entrypoint") or [], words if words is not None else found.get("Cmd")
            return [*(word.replace("$", "$$") for word in entry), *(words or [])]
        return [*entry, *(words or [])]

    def _up(self, *words: str) -> engine.Done:
        began = time.monotonic()

        def hopeless(_: str) -> GivenUp | None:
            if self._shared.closing.is_set():
                return GivenUp.OVER
            waited = time.monotonic() - began
            is_hopeless = waited > 4 and not self.held and looking.is_hopeless(self, waited)
            return GivenUp.UNHEALTHY if is_hopeless else None

        return self._compose("up", "--detach", "--no-build", *words, timeout=UP_LIMIT, watch=hopeless)

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
