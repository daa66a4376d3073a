"""The containers of a stack that does not come up: which has ended, which is not healthy, and what was seen of it.

What moves is looked at once: of a container that is started again and again, its exit code, its log and all else come from the run that ended.
"""

from __future__ import annotations

import datetime
import json
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from workshop.compose import script
from workshop.compose.facts import Hidden, ServiceSeen
from workshop.compose.service import Container
from workshop.composefile.written import AsWritten
from workshop.engine import engine, helpers
from workshop.engine.limits import LIMITS
from workshop.engine.run import Run
from workshop.outcomes import NotUp
from workshop.patience import settled, until
from workshop.report import last_lines
from workshop.runtimes.docker import LOG_LAG
from workshop.runtimes.evidence import Evidence
from workshop.runtimes.healthtest import NOT_RUNNABLE, HealthTest, tests_of

LONG = 15.0  # seconds of failing health tests after which waiting is given up
LOOPS = 3  # times that a service is started again until it counts as one that does not come up; the first waits are 0.1, 0.2 and 0.4 s
ENDS = 30.0  # seconds in which one that is started again and again is seen between two runs
EARLY = 0.08  # seconds by which the first line of a run may come before the engine says that it began; 0.1 s lie between two runs at least
SPEAKS = re.compile(
    r"(?i)error|not found|denied|no such|refused|fail|fatal|invalid|unbound|syntax|usage"
)  # a log that names a cause
OVER = ("exited", "restarting", "dead")


class Watched(Protocol):
    """What is needed of a stack."""

    run: Run
    as_written: AsWritten
    config: dict[str, Any]
    folder: Path
    project: str
    unset: tuple[str, ...]
    absent: dict[str, dict[str, str]]
    restarts: dict[str, int]

    def listed(self) -> list[Container]:
        """Its containers."""


def inside(stack: Watched, place: str) -> str:
    """A place in the folder as the file names it."""
    inner = Path(place).relative_to(stack.folder) if Path(place).is_relative_to(stack.folder) else Path(place).name
    return f"./{inner}" if str(inner) != "." else "."


def seen_of(stack: Watched, service: str, hidden: tuple[Hidden, ...] = ()) -> ServiceSeen:
    """What the file says of a service."""
    config, at = stack.config["services"][service], ("services", service)
    environment = {
        name: str(value).replace("$$", "$")
        for name, value in (config.get("environment") or {}).items()
        if value is not None
    }
    written = stack.as_written.at(*at, "environment")
    items = written.value if written else None
    lines = {str(item).partition("=")[0]: index for index, item in enumerate(items)} if isinstance(items, list) else {}
    places = {name: stack.as_written.where(*at, "environment", lines.get(name, name)) for name in environment}
    unset = {name: place for name in stack.unset if (place := stack.as_written.uses(name, *at))}
    dropped = bool(config.get("cap_drop"))
    limits = [
        config.get("mem_limit"),
        (config.get("deploy") or {}).get("resources", {}).get("limits", {}).get("memory"),
    ]
    return ServiceSeen(
        service,
        stack.as_written.where(*at),
        environment,
        places,
        unset,
        stack.absent.get(service, {}),
        hidden,
        dropped,
        min((int(limit) for limit in limits if limit), default=None),
    )


def has_ended(stack: Watched, name: str, state: Mapping[str, Any]) -> bool:
    """Whether a container has ended with an error, could not be started, or is started again and again since the last `up` began."""
    if state["Status"] == "created" and state.get("Error"):
        return True
    return restarts(stack, name, state) >= LOOPS or (state["Status"] in OVER and bool(state["ExitCode"]))


def restarts(stack: Watched, name: str, state: Mapping[str, Any]) -> int:
    """How often a container was started again since the last `up` began: a kill of the grader's own does not count."""
    return int(state["Restarts"]) - stack.restarts.get(name, 0)


def may_come(stack: Watched, name: str) -> bool:
    """Whether a container that did not answer is on its way again: it ended, and was not started again often yet."""
    state = next((state for one, _, state in states(stack) if one == name), None)
    return (
        state is not None and state["Status"] in ("restarting", "running") and 0 < restarts(stack, name, state) < LOOPS
    )


def is_hopeless(stack: Watched, waited: float) -> bool:
    """Whether waiting longer is of no use: a service ends again and again, a health test fails on and on, or cannot be run."""
    for name, _, state in states(stack):
        codes = [test["ExitCode"] for test in tests_of(state)]
        if len(codes) > 1 and all(codes) and (waited > LONG or codes[-1] in NOT_RUNNABLE):
            return True
        if restarts(stack, name, state) >= LOOPS:
            return True
    return False


def wait_for_health(stack: Watched, limit: float) -> None:
    """Returns once all is as `up --wait` wants it: nothing has ended with an error, and what has a health test is healthy.

    Raises NotUp with what was seen where it is not.
    """
    began = time.monotonic()
    while True:
        waits = None
        for name, service, state in states(stack):
            if has_ended(stack, name, state):
                raise ended(stack, name, service)
            status = (state.get("Health") or {}).get("Status")
            if status and state["Status"] in OVER:
                raise ended(stack, name, service)
            if status == "unhealthy":
                raise never_healthy(stack, name, service, state)
            waits = (name, service, state) if status == "starting" else waits
        if waits is None:
            return
        waited = time.monotonic() - began
        if waited > limit or is_hopeless(stack, waited):
            if not tests_of(waits[2]):
                raise NotUp(
                    asked="docker compose ps", expected=f"{waits[1]} healthy", actual="no health test has ended yet"
                )
            raise never_healthy(stack, *waits)
        time.sleep(0.1)


def never_healthy(stack: Watched, name: str, service: str, state: Mapping[str, Any]) -> NotUp:
    """What is seen of a container whose health test fails: how the last test ended, and what Redis in it answers."""
    last = tests_of(state)[-1]
    output = last_lines(last["Output"], 4)
    written = stack.as_written.at("services", service, "healthcheck", "test")
    source = "The Dockerfile" if stack.config["services"][service].get("build") else "The image"
    place = (
        stack.as_written.where("services", service, "healthcheck", "test") if written else f"{source} of `{service}`"
    )
    ping = stack.run.docker("exec", name, "redis-cli", "ping", timeout=5)
    answer = "" if ping.code in (*NOT_RUNNABLE, None) else (ping.out or ping.err).strip()
    test = HealthTest(last["ExitCode"], output, service=service, place=place, ping=answer)
    return NotUp(
        health_test=test,
        service_seen=seen_of(stack, service),
        log=stack.run.docker("logs", "--tail", "50", name).out,
        asked="docker compose up --detach --wait",
        expected=f"{service} healthy",
        actual=f"{service} is not healthy; its test ended with code {test.code}: {output or '(no output)'}",
    )


def ended(stack: Watched, name: str, service: str) -> NotUp:
    """What is seen of a container that ended, or ends again and again: of the run that ended, by one look."""
    found = _at_an_end(stack, name)
    state, again = found["State"], found["RestartCount"]
    log = settled(lambda: _log_of_run(stack, name, state["StartedAt"]), LOG_LAG, 0.25)
    command = (found["Path"], *found["Args"])
    is_over = state["Status"] in (*OVER, "created")
    code = state["ExitCode"] if is_over else None
    start = Evidence(
        not is_over, code, log, bool(state["OOMKilled"]), start_error=state.get("Error", ""), command=command
    )
    facts: dict[str, Any] = {
        "start": start,
        "service_seen": seen_of(stack, service, hidden_by_mounts(stack, service, found)),
    }
    if is_over and not start.start_error and not SPEAKS.search(log):
        facts["script"] = (script.at_its_end if code else script.without_its_words)(stack.run, name, found)
    shown = f"exit code {code}" + (f", started again {again} times" if again > LOOPS else "")
    return NotUp(
        log=log,
        asked=f"docker compose logs {service}",
        expected=f"{service} running",
        actual=f"{service}: {shown}\nlog:\n{last_lines(log or start.start_error) or '(empty)'}",
        **facts,
    )


def _at_an_end(stack: Watched, name: str) -> dict[str, Any]:
    """What `docker inspect` says of a container between two runs, or after its last; of a run, if that does not end in time.

    It is asked again and again: `docker wait` does not return between two runs. The pause between them doubles each time.
    """
    return until(
        lambda: inspect(stack, name), ENDS, 0.05, lambda found: found["State"]["Status"] in (*OVER, "created")
    )


def inspect(stack: Watched, name: str) -> dict[str, Any]:
    """What `docker inspect` says of a container."""
    return dict(json.loads(engine.must(stack.run.docker("inspect", name)).out)[0])


def _log_of_run(stack: Watched, name: str, began: str) -> str:
    """What a container printed in the run that began so, and not in the next one."""
    now = inspect(stack, name)["State"]["StartedAt"]
    since = () if began.startswith("0001") else ("--since", _before(began))
    until_then = ("--until", _before(now)) if now != began else ()
    done = stack.run.docker("logs", *since, *until_then, "--tail", "300", name, timeout=10)
    return done.out + done.err


def _before(moment: str) -> str:
    return f"{datetime.datetime.fromisoformat(moment).timestamp() - EARLY:.6f}"


def hidden_by_mounts(stack: Watched, service: str, found: Mapping[str, Any]) -> tuple[Hidden, ...]:
    """The folders of the host that hide something which the image of a container has."""
    hidden = []
    for mount in stack.config["services"][service].get("volumes") or []:
        source = Path(mount.get("source") or "")
        if mount["type"] != "bind" or not source.is_dir():
            continue
        flags = (*LIMITS, "--network", "none", "--entrypoint", "ls")
        done = helpers.passing(stack.run, *flags, found["Image"], "-A", mount["target"], timeout=10)
        there = {one.name for one in source.iterdir()}
        if done.ok and (names := sorted(set(done.out.split()) - there)):
            visible = {name for name in there if not name.startswith(".")}
            hidden.append(Hidden(inside(stack, str(source)), mount["target"], tuple(names), not visible))
    return tuple(hidden)


def states(stack: Watched) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each container's name, service and state."""
    containers = stack.listed()
    if not containers:
        return
    shown = '{"Restarts": {{.RestartCount}}, "State": {{json .State}}}'
    names = [container.name for container in containers]
    done = stack.run.docker("inspect", "--format", shown, *names, kept=engine.LISTED)  # health tests may print much
    for container, line in zip(containers, done.out.splitlines(), strict=False):
        told = json.loads(line)
        yield container.name, container.service, told["State"] | {"Restarts": told["Restarts"]}


def restarts_now(stack: Watched) -> dict[str, int]:
    """How often each container was started again so far."""
    return {name: state["Restarts"] for name, _, state in states(stack)}
