"""Why a stack does not come up: from what Compose says and what can be seen of its containers to a named mistake."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from workshop.engine import engine
from workshop.mistakes.diagnosis import Evidence, of_start
from workshop.outcomes import NotUp, Unchecked
from workshop.report import last_lines
from workshop.runtimes.contract import PORT
from workshop.runtimes.docker import DockerService

if TYPE_CHECKING:
    from workshop.compose.stack import Stack

EXPECTED = "a stack that comes up"
LONG = 15.0  # seconds of failing health tests after which waiting is given up
NOT_RUNNABLE = (-1, 126, 127)  # exit codes of a health test that could not be run at all

# What Compose says of a file that it does not take, and the hint; the groups of the match fill the braces.
CONFIG_RULES = [
    (
        r"dependency cycle detected: (.+)",
        "The services wait for one another in a circle: {0}. One of them must start first: take its `depends_on` out.",
    ),
    (
        r'service "([^"]+)" depends on undefined service "?([^":]+)',
        "`{0}` depends on a service `{1}`, and the file has none of that name. It has {services}.",
    ),
    (
        r'service "([^"]+)" refers to undefined (volume|network) ([^:\s]+)',
        "`{0}` uses the {1} `{2}`, which the file does not declare. At its end, not indented, belongs `{1}s:`, and below that, indented, `{2}:`.",
    ),
    (
        r'service "([^"]+)" has neither an image nor a build',
        "`{0}` has neither `build:` nor `image:`. A service is built from a folder or made from a ready image.",
    ),
    (
        r"healthcheck.test must start either by",
        'A health test written as a list begins with "CMD" or "CMD-SHELL": ["CMD", "redis-cli", "ping"].',
    ),
    (
        r"([\w.-]+\.condition) must be one of the following: (.*)",
        "`{0}` can be one of {1}.",
    ),
    (
        r"env file (\S+) not found",
        "There is no file {0}, which `env_file` names.",
    ),
    (
        r"(?i)invalid (?:containerport|hostport|ip address|port)\w*:? *(.*)",
        'A line of `ports` cannot be read: {0}. It is "container port", or "host port:container port", in quotes.',
    ),
    (
        r"([\w.-]+) must be an? (\w+)",
        "`{0}` must be a {1}. A duration needs its unit: `5s`; settings below a name are indented.",
    ),
    (
        r"([\w.\[\]-]+):? (?:Additional property|additional properties) '?([\w-]+)'?",
        "`{0}` has no setting `{1}`. Is it spelled so, and indented as it should be?",
    ),
]


def of_config(stack: Stack, done: engine.Done) -> NotUp:
    """The cause where Compose does not take the file."""
    text = _plain(stack, done.err)
    for pattern, hint in CONFIG_RULES:
        if found := re.search(pattern, text):
            names = ", ".join(f"`{name}`" for name in stack.as_written.services())
            told = hint.format(*found.groups(), services=names)
            return NotUp(
                f"{_place(stack, text)}: {told}",
                asked="docker compose config",
                expected=EXPECTED,
                actual=last_lines(text),
            )
    said = last_lines(text, 1)
    return NotUp(
        f"Compose does not take the file: {said}", asked="docker compose config", expected=EXPECTED, actual=said
    )


def _place(stack: Stack, text: str) -> str:
    """The line that a dotted path in the message leads to, as far as it can be followed."""
    path = re.search(r"services\.[\w.-]+", text)
    words = path[0].split(".") if path else []
    if service := re.search(r'service "([^"]+)"', text):
        words = ["services", service[1], *(["depends_on"] if "depends on" in text else [])]
    while words and stack.as_written.at(*words) is None:
        words.pop()
    return stack.as_written.where(*words) if words else stack.as_written.name


def look_over(stack: Stack, needs: Sequence[str]) -> None:
    """Raises NotUp where the file lacks a service that the lesson names, or `web` cannot be reached from outside."""
    services, written = stack.config["services"], stack.as_written
    for name in needs:
        if name not in services:
            has = ", ".join(f"`{one}`" for one in written.services()) or "no service"
            if name in written.services():
                hint = f"The service `{name}` is behind a profile, so `docker compose up` passes it over. Take `profiles` out."
            else:
                hint = f"The file has no service `{name}`. The lesson calls the services {_listed(needs)}; the file has {has}."
            raise NotUp(hint, expected=f"services {_listed(needs)}", actual=has)
    if not services["web"].get("ports"):
        hint = 'The service `web` publishes no port, so nothing outside the stack reaches it. It needs `ports`: "127.0.0.1::5000".'
        raise NotUp(hint, asked="docker compose port web 5000", expected="an address", actual="`web` without `ports`")
    mounts = [m for s in services.values() for m in s.get("volumes") or [] if m["type"] == "bind"]
    for outer in mounts:
        for inner in mounts:
            if not outer.get("read_only") and inner["source"].startswith(outer["source"].rstrip("/\\") + "/"):
                inside, around = (m["source"].removeprefix(str(stack.folder)) or "/" for m in (inner, outer))
                hint = f"One service may write to the whole of .{around}, and .{inside} in it belongs to another."
                raise NotUp(
                    f"{hint} Use a named volume for one of them, or `read_only`.", actual=f".{inside} in .{around}"
                )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def need_image(stack: Stack, service: str, image: str) -> None:
    """Sees to it that the engine has an image. Raises NotUp where there is none of that name, Unchecked where it is out of reach."""
    if engine.has_image(image):
        return
    done = stack.run.docker("pull", "--quiet", image, timeout=600)
    if done.ok:
        return
    said = last_lines(done.err, 1)
    place = stack.as_written.where("services", service, "image")
    if re.search(r"manifest unknown|not found|does not exist|access denied|invalid reference format", done.err):
        hint = f"{place}: there is no image `{image}` to be had. Is its name spelled so, and its tag?"
        raise NotUp(hint, asked=f"docker pull {image}", expected="an image", actual=said)
    hint = f"The image {image} is not here and could not be pulled. With network, run `docker pull {image}` once."
    raise Unchecked(hint, actual=said)


def of_up(stack: Stack, done: engine.Done) -> NotUp:
    """The cause where `docker compose up` failed or took too long."""
    said = _plain(stack, done.err)
    for name, service, state in _states(stack):
        if state["Restarts"] or (state["Status"] in ("exited", "restarting") and state["ExitCode"]):
            return _ended(stack, name, service, state)
    for name, service, state in _states(stack):
        health = state.get("Health") or {}
        failing = any(probe["ExitCode"] for probe in health.get("Log") or [])
        if failing and (health["Status"] == "unhealthy" or (health["Status"] == "starting" and done.code is None)):
            return _never_healthy(stack, name, service, health)
    if "has no healthcheck configured" in said:
        service = (re.search(r"container (\S+?)-\d+ has no healthcheck", said) or ["", "redis"])[1]
        place = stack.as_written.where("services", service)
        hint = f"{place}: a service waits until `{service}` is healthy, and `{service}` has no `healthcheck`, so it never is."
        return NotUp(hint, asked="docker compose up", expected=EXPECTED, actual=last_lines(said, 1))
    if found := re.search(
        r'Conflict\. The container name "/?(?:workshop-[0-9a-f]+-)?([^"]+)" is already in use', said
    ):
        hint = f"`container_name: {found[1]}` fixes the name of the container, and a name can be taken only once. Take it out."
        return NotUp(hint, asked="docker compose up", expected=EXPECTED, actual=last_lines(said, 1))
    if found := re.search(
        r"service is using the custom container name|requires each container to have a unique name", said
    ):
        hint = "`container_name` fixes the name of the container, and a name can be taken only once. Take it out."
        return NotUp(hint, asked="docker compose up", expected=EXPECTED, actual=last_lines(said, 2))
    if "port is already allocated" in said:
        hint = "A host port that the stack wants is taken already. Leave the choice to the engine."
        return NotUp(hint, asked="docker compose up", expected=EXPECTED, actual=last_lines(said, 1))
    if done.code is None:
        hint = (
            f"`docker compose up` was still at work after {done.seconds:.0f} s and was ended. What does it wait for?"
        )
        return NotUp(hint, asked="docker compose up", expected=EXPECTED, actual=last_lines(said))
    cause = of_start(Evidence(False, done.code, "", start_error=said))
    hint = (
        cause.hint
        if cause.name not in ("exited", "ended at once")
        else f"`docker compose up` failed: {last_lines(said, 1)}"
    )
    return NotUp(hint, asked="docker compose up", expected=EXPECTED, actual=last_lines(said))


def hopeless(stack: Stack, waited: float) -> str | None:
    """Why waiting on is of no use: a health test that fails on and on, or cannot be run. None while there is hope."""
    for _, service, state in _states(stack):
        log = (state.get("Health") or {}).get("Log") or []
        codes = [probe["ExitCode"] for probe in log]
        if len(codes) > 1 and all(codes) and (waited > LONG or codes[-1] in NOT_RUNNABLE):
            return f"\nworkshop: {service} never becomes healthy"
    return None


def _never_healthy(stack: Stack, name: str, service: str, health: dict[str, Any]) -> NotUp:
    log = health.get("Log") or [{"ExitCode": 1, "Output": ""}]
    output = last_lines(log[-1]["Output"], 4)
    test = stack.as_written.where("services", service, "healthcheck", "test")
    seen = f"{service} is not healthy; its test ended with code {log[-1]['ExitCode']}: {output or '(no output)'}"
    if log[-1]["ExitCode"] in NOT_RUNNABLE or "executable file not found" in output:
        missing = re.search(
            r'exec: "([^"]+)"|sh: (?:\d+: |line \d+: )?([\w./-]+): (?:not found|command not found)', output
        )
        what = f"`{missing[1] or missing[2]}`" if missing else "its command"
        hint = f"{test}: the health test of `{service}` cannot be run: {what} is not in its image. The Redis image has redis-cli, and no curl."
    elif stack.run.docker("exec", name, "redis-cli", "ping", timeout=5).out.strip() == "PONG":
        hint = f"{test}: `{service}` runs and answers PING, yet its health test says no. Does the test ask the right thing?"
    else:
        ended = of_start(Evidence(False, 1, stack.run.docker("logs", "--tail", "50", name).out))
        hint = f"{test}: `{service}` does not become healthy, so what waits for it never starts. {'' if ended.name == 'exited' else ended.hint}"
    return NotUp(hint.strip(), asked="docker compose ps", expected=f"{service} healthy", actual=seen)


def _ended(stack: Stack, name: str, service: str, state: dict[str, Any]) -> NotUp:
    again = state["Restarts"]
    code = state["ExitCode"] or (1 if again else 0)  # the code of one that was started again is gone
    cause = of_start(
        Evidence(
            False,
            code,
            DockerService(stack.run, name, PORT).last_log(),
            bool(state["OOMKilled"]),
            start_error=state.get("Error", ""),
        )
    )
    seen = cause.seen(f"started again {again} times" if again else f"exit code {code}")
    hint = f"The service `{service}` ended. {cause.hint}"
    return NotUp(hint, asked=f"docker compose logs {service}", expected=f"{service} running", actual=seen)


def look_for_ended(stack: Stack) -> None:
    """Raises NotUp where a service has ended with an error."""
    for name, service, state in _states(stack):
        if state["Status"] in ("exited", "restarting", "dead") and state["ExitCode"]:
            raise _ended(stack, name, service, state)


def of_web(stack: Stack, problem: NotUp) -> NotUp:
    """The cause where `web` was started and does not answer: a published port that is not the app's comes first."""
    ports = [str(port["target"]) for port in stack.config["services"]["web"]["ports"]]
    if str(PORT) not in ports:
        place = stack.as_written.where("services", "web", "ports")
        hint = f'{place}: `web` publishes port {ports[0]} of the container, and the app listens on {PORT} there. In "host:container" '
        return NotUp(
            f"{hint}the container's port comes last.",
            asked=problem.asked,
            expected=problem.expected,
            actual=problem.actual,
        )
    return problem


def _states(stack: Stack) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each container's name, service and state."""
    found = stack.listed()
    if not found:
        return
    shown = '{"Restarts": {{.RestartCount}}, "State": {{json .State}}}'
    done = stack.run.docker("inspect", "--format", shown, *(container.name for container in found))
    for container, line in zip(found, done.out.splitlines(), strict=False):
        told = json.loads(line)
        yield container.name, container.service, told["State"] | {"Restarts": told["Restarts"]}


def _plain(stack: Stack, text: str) -> str:
    """What Compose said, without the names that only grading knows: its folder, its project, the time."""
    text = re.sub(r'time="[^"]*" level=(\w+) msg="((?:[^"\\]|\\.)*)"', r"\1: \2", text)
    for word in (f"{stack.folder}/", f"{stack.folder}", f"{stack.project}-", f"{stack.project}_"):
        text = text.replace(word, "")
    return text.replace("workshop: ", "")
