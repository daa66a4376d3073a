"""What lessons do with a stack: kill, stop and start a service, hold one back, give it other settings, run its own tests, look for what only one copy can have."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from workshop.compose.rewrite import STACK_LABEL, Plan
from workshop.compose.service import StackService
from workshop.compose.stack import UP_LIMIT, Stack
from workshop.engine import helpers
from workshop.engine.engine import Done, must
from workshop.engine.images import BASE, need_image
from workshop.outcomes import NotUp, Unchecked
from workshop.patience import Ahead, until
from workshop.probes import shipping
from workshop.runtimes.healthtest import tests_of
from workshop.runtimes.http import Answer

TESTS_LIMIT = 90.0  # seconds that the tests of a service may take
RESTART_LIMIT = 20.0  # seconds in which a killed service must be back
HELD_TESTS = 2  # health tests that failed while a service is held, after which what waits for its health does wait …
HELD_SECONDS = 2.0  # … and seconds since its start, in which what does not wait for its health is started, too


@dataclass(frozen=True)
class FixedPort:
    """A host port that the file fixes for a service. `chosen` says that a variable decides which."""

    port: str
    line: int
    chosen: bool


class DrilledStack(Stack):
    """A stack with its drills: the fixture `stack`."""

    held: str | None = None  # the service that is held back in this copy
    is_copy = apart = False  # see Plan
    small: str | None = None  # the size of this copy's volumes, as `4m`
    _nearly_up: Ahead[bool] | None = None

    def copy(self, held: str | None = None, apart: bool = False, small: str | None = None) -> Self:
        """A second copy; see `Stack.copy`. In it the service `held` starts, and does nothing until `release`.

        One that is `apart` shares nothing with the first, whatever the file says; so does one whose volumes are `small`, as `4m`, to be filled.
        Any other may fail over the name that the file fixes for a container; its networks and volumes are its own all the same.

        It begins as soon as Redis in the first is well and only `web` is missing: earlier it would take the processor from the first verdict.
        """
        made = type(self)(self._shared)
        made.held, made.small, made.is_copy, made.apart = held, small, True, bool(apart or held or small)
        self._nearly_up = nearly_up = self._nearly_up or Ahead(self._until_nearly_up)
        made._began = Ahead(lambda: self._up_after_the_first(made, nearly_up))
        return made

    def _until_nearly_up(self) -> bool:
        return until(lambda: self._is_nearly_up() or self._shared.closing.is_set(), UP_LIMIT, 0.3)

    def _up_after_the_first(self, made: Self, nearly_up: Ahead[bool]) -> Self:
        nearly_up.wait()
        if self._shared.closing.is_set():
            raise Unchecked("The stack is no longer needed.")
        try:
            return made.up(well=not made.apart or made.held is not None)
        except NotUp as error:
            said = getattr(error.facts.get("compose_up"), "text", "")
            if made.small and "failed to mount local volume" in said:
                raise Unchecked(
                    "This engine makes no volume in memory, so no disk can be filled.", actual=said
                ) from None
            raise

    def _is_nearly_up(self) -> bool:
        """Whether its Redis is healthy, or, if nobody tests that, its `web` (or the only service) runs; or it is up, or does not come up."""
        if self._began is None or self._began.wait(0):
            return True
        health = (self.state("redis") or {}).get("Health")
        last = self._shared.needs[0]
        return bool(health["Status"] == "healthy" if health else (self.state(last) or {}).get("Running"))

    def release(self) -> None:
        """Lets the service that was held back begin its work."""
        assert self.held
        must(self.run.docker("kill", "--signal", "USR1", *self.containers(self.held)))

    def kill(self, name: str) -> None:
        """`docker compose kill`: SIGKILL to the service's processes. It stays down, whatever its restart policy says."""
        self._shared.note(f"docker compose kill {name}")
        must(self.run.docker("kill", self.first(name) or name))

    def stop(self, name: str) -> None:
        """`docker compose stop`, with the time to end that the file gives the service."""
        self._shared.note(f"docker compose stop {name}")
        grace = self._grace(name)
        must(self.run.docker("stop", "--time", str(grace), self.first(name) or name, timeout=grace + 20))

    def start(self, name: str) -> None:
        """`docker compose start`."""
        self._shared.note(f"docker compose start {name}")
        must(self.run.docker("start", self.first(name) or name))

    def keeper(self, volume: str) -> str:
        """A container of the stack's own that keeps a volume mounted on /disk: one in memory lives as long as somebody uses it. Its name."""
        need_image(BASE)
        name = self.run.name("keeper")
        label = ("--label", f"{STACK_LABEL}={self._shared.token}", *helpers.own(self.run, name))
        flags = ("--detach", *label, "--network", "none", "--cap-drop", "ALL", "--cap-add", "DAC_OVERRIDE")
        must(self.run.docker("run", *flags, "--volume", f"{volume}:/disk", BASE, "sleep", "infinity"))
        return name

    def kill_web_process(self) -> None:
        """SIGKILL to the first process of `web`; see `kill_process`."""
        self.kill_process("web")

    def kill_process(self, name: str) -> None:
        """SIGKILL to the first process of a service, by its id on the host: for Docker it has died by itself."""
        pid = self.service(name).state["Pid"]
        must(helpers.helper(self.run, "sh", "-c", f"kill -9 {pid}", rights=["KILL"], flags=("--pid", "host")))
        self._shared.note(f"kill -9 of {name}'s first process, from outside the container")

    @contextlib.contextmanager
    def away(self, name: str, how: str) -> Iterator[None]:
        """Within the block a service is `paused`, so that it hangs, or `stopped`, so that its name is gone."""
        begin, end = {"paused": (("pause",), "unpause"), "stopped": (("stop", "--time", "1"), "start")}[how]
        must(self.run.docker(*begin, *self.containers(name)))
        try:
            yield
        finally:
            must(self.run.docker(end, *self.containers(name)))

    @contextlib.contextmanager
    def another(self, name: str, **env: str) -> Iterator[StackService]:
        """Within the block one more container of a service, up and answering, in which some variables have these values."""
        like, made = self.service(name), self.run.name(name)
        words = [word for key, value in env.items() for word in ("--env", f"{key}={value}")]
        self._shared.note(" ".join(("docker compose run --detach --service-ports", *words, name)))
        try:
            flags = ("--detach", "--no-deps", "--no-TTY", "--service-ports", "--name", made)
            must(self._compose("run", *flags, *words, name, timeout=UP_LIMIT))
            service = StackService(self.run, made, like.inner_port, name)
            service.noted = self._shared.note
            service.find_port()
            yield service.wait_until_up()
        finally:
            helpers.remove(self.run, made)

    def own_tests(self, service: str, profile: str, is_broken: bool = False) -> Done:
        """What `docker compose run --rm SERVICE` came to, in a copy of the stack that begins with nothing.

        If `is_broken`, every Python file in it that is no test fails as soon as it is loaded; a build that fails is a failed run then.
        """
        images = {} if is_broken else self._shared.images
        shared = replace(self._shared, images=images, configs={}, was_told=True)
        made = type(self)(shared)
        made.profiles = (profile,)
        if is_broken and not shipping.break_code(made.folder):
            raise Unchecked(
                "The check breaks a service that is written in Python, and found no Python file in the folder."
            )
        try:
            done = made.run_once(service, TESTS_LIMIT)
        except NotUp as problem:
            if not is_broken or "build" not in problem.facts:
                raise
            return Done((), 1, "", problem.actual or "", 0.0)
        finally:
            if is_broken:
                made.down(volumes=True)
                self.run.docker("image", "rm", "--force", *(image.id for image in images.values()))
        self._shared.note(f"docker compose run --rm {service}")
        return done

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

        It is given time: until `docker compose up` has ended, or until the held service was asked twice for its health, and was not well.
        """
        assert self._began and self.held
        end, since = time.monotonic() + UP_LIMIT, math.inf
        while time.monotonic() < end:
            state = self.state(name)
            if state and state["Running"]:
                return self.service(name).first_answer()
            if self._began.wait(0):
                self._began.get()
            held = self.state(self.held) or {}
            if held.get("Running"):
                since = min(since, time.monotonic())
            failed = sum(test["ExitCode"] != 0 for test in tests_of(held))
            if (
                failed >= HELD_TESTS
                and time.monotonic() - since > HELD_SECONDS
                and held["Health"]["Status"] != "healthy"
            ):
                return None
            time.sleep(0.4)
        raise Unchecked("The stack was not brought up in time to see what waits for what.")

    def _plan(self) -> Plan:
        plan = super()._plan()
        plan.is_copy, plan.apart, plan.small = self.is_copy, self.apart, self.small
        if self.held:
            plan.held, plan.commands = self.held, {self.held: self._command(self.held, plan.images[self.held])}
        return plan

    def _is_hopeless(self, waited: float) -> bool:
        return not self.held and super()._is_hopeless(waited)

    def _command(self, name: str, image: str) -> list[str]:
        """The whole command line of a service: its own words, or its image's."""
        service = self.config["services"][name]
        found = json.loads(must(self.run.docker("image", "inspect", "--format", "{{json .Config}}", image)).out)
        entry, words = service.get("entrypoint"), service.get("command")
        if entry is None:
            entry, words = found.get("Entrypoint") or [], words if words is not None else found.get("Cmd")
            return [*(word.replace("$", "$$") for word in entry), *(words or [])]
        return [*entry, *(words or [])]
