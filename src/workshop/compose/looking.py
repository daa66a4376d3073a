"""What is seen of a stack that does not come up: what the file lacks, what Compose says, and which container is the cause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workshop.compose import ends, script
from workshop.compose.facts import ComposeFile, ComposeSaid, ComposeUp, Lack
from workshop.composefile import shapes
from workshop.composefile.settings import MOST_CONTAINERS, MOST_COPIES, MOST_PORTS
from workshop.engine import engine
from workshop.outcomes import NotUp
from workshop.report import last_lines
from workshop.runtimes.evidence import OF_THE_COMMAND, PORT, Evidence
from workshop.runtimes.healthtest import tests_of

EXPECTED = "a stack that comes up"
NOT_A_PORT = re.compile(r"(?i)invalid (?:containerport|hostport|ip address)\w*:? *(\S+)")
OUT_OF_MEMORY = re.compile(r"(?m)^fatal error: (?:runtime: )?(?:cannot allocate memory|out of memory)")  # of Go
# What Compose says if a container is the cause. All else that it says is a cause of its own.
OF_A_CONTAINER = re.compile(r"container (?P<name>\S+) (?:is unhealthy|exited \()")


def of_config(stack: ends.Watched, done: engine.Done) -> NotUp:
    """What is seen where Compose does not take the file: a value of another shape, if there is one, else what Compose says."""
    if fault := shapes.first(stack.as_written):
        return fault
    text = _plain(stack, done.err)
    unset = {name: stack.as_written.uses(name, "services") or stack.as_written.name for name in unset_in(done.err)}
    said = ComposeSaid(text, _place(stack, text), tuple(stack.as_written.services()), unset)
    return NotUp(compose_said=said, asked="docker compose config", expected=EXPECTED, actual=last_lines(text))


def of_size(stack: ends.Watched, done: engine.Done) -> None:
    """Raises NotUp where the file has become so large, by its variables, that not all of it was kept, or Compose had not memory enough."""
    if len(done.out) >= engine.KEPT or OUT_OF_MEMORY.search(done.err):
        hint = (
            f"{stack.as_written.name} comes to more than {engine.KEPT // 1024} kB with its variables. Make it smaller."
        )
        raise NotUp(hint, mistake="too_many_values", asked="docker compose config", actual="too much text")


def _place(stack: ends.Watched, text: str) -> str:
    """The line that a dotted path in the message leads to, as far as it can be followed; of a port that Compose cannot read, where it stands."""
    for port in NOT_A_PORT.findall(text)[:1]:
        for name in stack.as_written.services():
            if place := stack.as_written.having(re.escape(port), "services", name, "ports"):
                return place
    path = re.search(r"services\.[\w.-]+", text)
    words = path[0].split(".") if path else []
    if service := re.search(r'service "([^"]+)"', text):
        words = ["services", service[1], *(["depends_on"] if "depends on" in text else [])]
    while words and stack.as_written.at(*words) is None:
        words.pop()
    return stack.as_written.where(*words) if words else stack.as_written.name


def count(stack: ends.Watched) -> None:
    """Raises NotUp where the file asks for more containers or ports than one stack may have."""
    services = stack.config["services"].values()
    copies = [min(int(s.get("scale") or s.get("deploy", {}).get("replicas") or 1), MOST_COPIES) for s in services]
    ports = sum(n * len(s.get("ports") or []) for n, s in zip(copies, services, strict=True))
    for what, asked, most in (("containers", sum(copies), MOST_CONTAINERS), ("ports", ports, MOST_PORTS)):
        if asked > most:
            hint = f"{stack.as_written.name} asks for {asked} {what}. A stack has at most {most} here."
            raise NotUp(hint, mistake="too_many_values", expected=f"at most {most} {what}", actual=f"{asked} {what}")


def look_over(stack: ends.Watched, needs: Sequence[str]) -> None:
    """Raises NotUp where the file lacks a service that the lesson names, or `web` cannot be reached from outside."""
    services, written = stack.config["services"], stack.as_written
    count(stack)
    for name in needs:
        if name not in services:
            has = _listed(written.services()) or "no service"
            comes = _listed(list(services)) or "no service"
            lack = Lack.SERVICE_WITHOUT_PROFILE if name in written.services() else Lack.SERVICE
            lacks = ComposeFile(
                lack, {"service": name, "needed": " and ".join(f"`{one}`" for one in needs), "has": has}
            )
            raise NotUp(compose_file=lacks, expected=f"services {_listed(needs)}", actual=comes)
    if "web" in needs and not services["web"].get("ports"):
        asked, actual = "docker compose port web 5000", "`web` without `ports`"
        raise NotUp(compose_file=ComposeFile(Lack.PORTS), asked=asked, expected="an address", actual=actual)
    mounts = [m for s in services.values() for m in s.get("volumes") or [] if m["type"] == "bind"]
    for outer in mounts:
        for inner in mounts:
            if not outer.get("read_only") and inner["source"].startswith(outer["source"].rstrip("/\\") + "/"):
                inside, around = (m["source"].removeprefix(str(stack.folder)) or "/" for m in (inner, outer))
                lacks = ComposeFile(Lack.FOLDER_OF_ONE_SERVICE, {"inside": inside, "around": around})
                raise NotUp(compose_file=lacks, actual=f".{inside} in .{around}")
    for kind in ("secrets", "configs"):
        for name, thing in (stack.config.get(kind) or {}).items():
            if (file := thing.get("file")) and not Path(file).exists():
                names = {"place": written.where(kind, name), "name": name, "file": ends.inside(stack, file)}
                raise NotUp(
                    compose_file=ComposeFile(Lack.GIVEN_FILE, names), expected=names["file"], actual="no such file"
                )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def of_image(stack: ends.Watched, service: str, image: str, said: str) -> NotUp:
    """What is seen if there is no image of the name that a service has."""
    place = stack.as_written.where("services", service, "image")
    lacks = ComposeFile(Lack.IMAGE, {"place": place, "image": image})
    asked = f"docker pull {image}"
    seen = ends.seen_of(stack, service)
    return NotUp(compose_file=lacks, service_seen=seen, asked=asked, expected="an image", actual=last_lines(said, 1))


def of_build(stack: ends.Watched, service: str, context: Path, file: str) -> NotUp | None:
    """What is seen if there is nothing to build a service from; None if all is there."""
    place, built_from = stack.as_written.where("services", service, "build"), ends.inside(stack, str(context))
    names = {"place": place, "service": service, "folder": built_from, "file": file, "instead": ""}
    if service == "redis":
        names["instead"] = " Redis needs no Dockerfile: `image: redis:8`."
    if not context.is_dir():
        kind = "it is a file" if context.is_file() else "no such folder"
        return NotUp(
            compose_file=ComposeFile(Lack.BUILD_FOLDER, names), expected=f"a folder {built_from}", actual=kind
        )
    if not (context / file).is_file():
        return NotUp(
            compose_file=ComposeFile(Lack.DOCKERFILE, names), expected=f"{file} in {built_from}", actual="no such file"
        )
    return None


def of_up(stack: ends.Watched, done: engine.Done) -> NotUp:
    """What is seen where `docker compose up` failed or was stopped: of a container that ended, of a health test, or what Compose said."""
    said = _plain(stack, done.err)
    named = OF_A_CONTAINER.search(done.err)
    is_of_one = done.code is None or named or OF_THE_COMMAND.search(said)
    if is_of_one and (found := _of_a_container(stack, named["name"] if named else "", is_stopped=done.code is None)):
        return found
    facts: dict[str, Any] = {}
    if OF_THE_COMMAND.search(said):
        facts["start"] = Evidence(False, done.code, "", start_error=said)
    else:
        untested = re.search(r"container (\S+?)-\d+ has no healthcheck", said)
        place = stack.as_written.where("services", untested[1]) if untested else stack.as_written.name
        facts["compose_up"] = ComposeUp(said, place, done.seconds, is_ended=done.code is None)
    return NotUp(asked="docker compose up", expected=EXPECTED, actual=last_lines(said), **facts)


def _of_a_container(stack: ends.Watched, named: str, is_stopped: bool) -> NotUp | None:
    """What is seen of the container that is the cause; `named` is the one that Compose names, which has ended if it was started again."""
    states = list(ends.states(stack))
    for name, service, state in states:
        is_gone = name == named and (state["Status"] in ends.OVER or ends.restarts(stack, name, state))
        if is_gone or ends.has_ended(stack, name, state):
            return ends.ended(stack, name, service)
    for name, service, state in states:
        status = (state.get("Health") or {}).get("Status")
        failing = any(test["ExitCode"] for test in tests_of(state))
        if failing and (status == "unhealthy" or (status == "starting" and is_stopped)):
            return ends.never_healthy(stack, name, service, state)
    return None


def of_web(stack: ends.Watched, name: str, problem: NotUp) -> NotUp:
    """What is seen where `web` was started and does not answer: whether it ended comes first, then the port that is published."""
    state = next((state for one, _, state in ends.states(stack) if one == name), None)
    if state and (
        ends.has_ended(stack, name, state) or ends.restarts(stack, name, state) or state["Status"] in ends.OVER
    ):
        return ends.ended(stack, name, "web")
    ports = [str(port["target"]) for port in stack.config["services"]["web"]["ports"]]
    if str(PORT) not in ports:
        place = stack.as_written.where("services", "web", "ports")
        lacks = ComposeFile(Lack.PORT_OF_THE_APP, {"place": place, "port": ports[0], "inner": str(PORT)})
        return NotUp(compose_file=lacks, asked=problem.asked, expected=problem.expected, actual=problem.actual)
    found = ends.inspect(stack, name)
    problem.facts |= {
        "service_seen": ends.seen_of(stack, "web", ends.hidden_by_mounts(stack, "web", found)),
        "script": script.as_it_waits(stack.run, name, found),
    }
    return problem


def unset_in(said: str) -> tuple[str, ...]:
    """The variables of which Compose warns that they are set nowhere."""
    return tuple(dict.fromkeys(re.findall(r'The \\?"(\w+)\\?" variable is not set', said)))


def _plain(stack: ends.Watched, text: str) -> str:
    """What Compose said, without the names that only grading knows: its folder, its project, the time."""
    text = re.sub(r'time="[^"]*" level=(\w+) msg="((?:[^"\\]|\\.)*)"', r"\1: \2", text)
    for word in (f"{stack.folder}/", f"{stack.folder}", f"{stack.project}-", f"{stack.project}_"):
        text = text.replace(word, "")
    return text
