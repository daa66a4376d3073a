"""Looking at a stack that does not come up: what Compose says, and what the engine says of its containers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from workshop.compose.facts import ComposeFile, ComposeSaid, ComposeUp, Lack
from workshop.compose.service import Container
from workshop.composefile.written import AsWritten
from workshop.engine import engine
from workshop.engine.run import Run
from workshop.outcomes import NotUp
from workshop.report import last_lines
from workshop.runtimes.docker import DockerService
from workshop.runtimes.evidence import OF_THE_COMMAND, PORT, Evidence
from workshop.runtimes.healthtest import NOT_RUNNABLE, HealthTest, tests_of

EXPECTED = "a stack that comes up"
LONG = 15.0  # seconds of failing health tests after which waiting is given up
# What the engine says of one container that it cannot start, as it does to `docker run`.


class Watched(Protocol):
    """What is needed of a stack."""

    run: Run
    as_written: AsWritten
    config: dict[str, Any]
    folder: Path
    project: str

    def listed(self) -> list[Container]:
        """Its containers."""


def of_config(stack: Watched, done: engine.Done) -> NotUp:
    """What is seen where Compose does not take the file."""
    text = _plain(stack, done.err)
    said = ComposeSaid(text, _place(stack, text), tuple(stack.as_written.services()))
    return NotUp(compose_said=said, asked="docker compose config", expected=EXPECTED, actual=last_lines(text))


def _place(stack: Watched, text: str) -> str:
    """The line that a dotted path in the message leads to, as far as it can be followed."""
    path = re.search(r"services\.[\w.-]+", text)
    words = path[0].split(".") if path else []
    if service := re.search(r'service "([^"]+)"', text):
        words = ["services", service[1], *(["depends_on"] if "depends on" in text else [])]
    while words and stack.as_written.at(*words) is None:
        words.pop()
    return stack.as_written.where(*words) if words else stack.as_written.name


def look_over(stack: Watched, needs: Sequence[str]) -> None:
    """Raises NotUp where the file lacks a service that the lesson names, or `web` cannot be reached from outside."""
    services, written = stack.config["services"], stack.as_written
    for name in needs:
        if name not in services:
            has = _listed(written.services()) or "no service"
            lack = Lack.SERVICE_WITHOUT_PROFILE if name in written.services() else Lack.SERVICE
            lacks = ComposeFile(
                lack, {"service": name, "needed": " and ".join(f"`{one}`" for one in needs), "has": has}
            )
            raise NotUp(compose_file=lacks, expected=f"services {_listed(needs)}", actual=has)
    if not services["web"].get("ports"):
        asked, actual = "docker compose port web 5000", "`web` without `ports`"
        raise NotUp(compose_file=ComposeFile(Lack.PORTS), asked=asked, expected="an address", actual=actual)
    mounts = [m for s in services.values() for m in s.get("volumes") or [] if m["type"] == "bind"]
    for outer in mounts:
        for inner in mounts:
            if not outer.get("read_only") and inner["source"].startswith(outer["source"].rstrip("/\\") + "/"):
                inside, around = (m["source"].removeprefix(str(stack.folder)) or "/" for m in (inner, outer))
                lacks = ComposeFile(Lack.FOLDER_OF_ONE_SERVICE, {"inside": inside, "around": around})
                raise NotUp(compose_file=lacks, actual=f".{inside} in .{around}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def of_image(stack: Watched, service: str, image: str, said: str) -> NotUp:
    """What is seen if there is no image of the name that a service has."""
    lacks = ComposeFile(Lack.IMAGE, {"place": stack.as_written.where("services", service, "image"), "image": image})
    return NotUp(compose_file=lacks, asked=f"docker pull {image}", expected="an image", actual=last_lines(said, 1))


def of_up(stack: Watched, done: engine.Done) -> NotUp:
    """What is seen where `docker compose up` failed or was stopped: of a container that ended, of a health test, or what Compose said."""
    for name, service, state in _states(stack):
        if state["Restarts"] or (state["Status"] in ("exited", "restarting") and state["ExitCode"]):
            return _ended(stack, name, service, state)
    for name, service, state in _states(stack):
        status = (state.get("Health") or {}).get("Status")
        failing = any(test["ExitCode"] for test in tests_of(state))
        if failing and (status == "unhealthy" or (status == "starting" and done.code is None)):
            return _never_healthy(stack, name, service, state)
    said = _plain(stack, done.err)
    facts: dict[str, Any] = {}
    if OF_THE_COMMAND.search(said):
        facts["start"] = Evidence(False, done.code, "", start_error=said)
    else:
        untested = re.search(r"container (\S+?)-\d+ has no healthcheck", said)
        place = stack.as_written.where("services", untested[1]) if untested else stack.as_written.name
        facts["compose_up"] = ComposeUp(said, place, done.seconds, is_ended=done.code is None)
    return NotUp(asked="docker compose up", expected=EXPECTED, actual=last_lines(said), **facts)


def is_hopeless(stack: Watched, waited: float) -> bool:
    """Whether waiting longer is of no use: a health test fails on and on, or cannot be run."""
    for _, _, state in _states(stack):
        codes = [test["ExitCode"] for test in tests_of(state)]
        if len(codes) > 1 and all(codes) and (waited > LONG or codes[-1] in NOT_RUNNABLE):
            return True
    return False


def _never_healthy(stack: Watched, name: str, service: str, state: dict[str, Any]) -> NotUp:
    last = tests_of(state)[-1]
    output = last_lines(last["Output"], 4)
    place = stack.as_written.where("services", service, "healthcheck", "test")
    pongs = stack.run.docker("exec", name, "redis-cli", "ping", timeout=5).out.strip() == "PONG"
    test = HealthTest(last["ExitCode"], output, service=service, place=place, pongs=pongs)
    return NotUp(
        health_test=test,
        log=stack.run.docker("logs", "--tail", "50", name).out,
        asked="docker compose ps",
        expected=f"{service} healthy",
        actual=f"{service} is not healthy; its test ended with code {test.code}: {output or '(no output)'}",
    )


def _ended(stack: Watched, name: str, service: str, state: dict[str, Any]) -> NotUp:
    again = state["Restarts"]
    code = state["ExitCode"] or (1 if again else 0)  # the code of one that was started again is gone
    log = DockerService(stack.run, name, PORT).last_log()
    start = Evidence(False, code, log, bool(state["OOMKilled"]), start_error=state.get("Error", ""))
    shown = f"started again {again} times" if again else f"exit code {code}"
    return NotUp(
        start=start,
        log=log,
        asked=f"docker compose logs {service}",
        expected=f"{service} running",
        actual=f"{service}: {shown}\nlog:\n{last_lines(log) or '(empty)'}",
    )


def look_for_ended(stack: Watched) -> None:
    """Raises NotUp where a service has ended with an error."""
    for name, service, state in _states(stack):
        if state["Status"] in ("exited", "restarting", "dead") and state["ExitCode"]:
            raise _ended(stack, name, service, state)


def of_web(stack: Watched, problem: NotUp) -> NotUp:
    """What is seen where `web` was started and does not answer: a published port that is not the app's comes first."""
    ports = [str(port["target"]) for port in stack.config["services"]["web"]["ports"]]
    if str(PORT) in ports:
        return problem
    place = stack.as_written.where("services", "web", "ports")
    lacks = ComposeFile(Lack.PORT_OF_THE_APP, {"place": place, "port": ports[0], "inner": str(PORT)})
    return NotUp(compose_file=lacks, asked=problem.asked, expected=problem.expected, actual=problem.actual)


def _states(stack: Watched) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each container's name, service and state."""
    containers = stack.listed()
    if not containers:
        return
    shown = '{"Restarts": {{.RestartCount}}, "State": {{json .State}}}'
    done = stack.run.docker("inspect", "--format", shown, *(container.name for container in containers))
    for container, line in zip(containers, done.out.splitlines(), strict=False):
        told = json.loads(line)
        yield container.name, container.service, told["State"] | {"Restarts": told["Restarts"]}


def _plain(stack: Watched, text: str) -> str:
    """What Compose said, without the names that only grading knows: its folder, its project, the time."""
    text = re.sub(r'time="[^"]*" level=(\w+) msg="((?:[^"\\]|\\.)*)"', r"\1: \2", text)
    for word in (f"{stack.folder}/", f"{stack.folder}", f"{stack.project}-", f"{stack.project}_"):
        text = text.replace(word, "")
    return text
