"""Looking at what a lesson has running now: facts for the pictures, and the log. It asks the engine by the run's label, and changes nothing."""

from __future__ import annotations

import ast
import contextlib
import functools
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workshop.course.lessons import Lesson
from workshop.course.progress import Progress
from workshop.engine import engine
from workshop.engine.run import Run
from workshop.grading.bench import Bench, Session
from workshop.outcomes import NotUp, Unchecked
from workshop.pictures import cluster as clusters
from workshop.pictures import container as containers
from workshop.pictures import stack
from workshop.pictures.canvas import State
from workshop.report import Outcome, Report
from workshop.web import cluster, finding, images
from workshop.web.finding import SERVICE, Found, There
from workshop.web.picture import Picture
from workshop.web.redises import Place, Redises, direct, named
from workshop.wire import tunnel
from workshop.wire.sockets import parse_sockets

OF_A_SERVICE = re.compile(r"workshop-\w+-web-(\d+)")
OF_REDIS = re.compile(r"workshop-\w+-redis-\d+")
FEWEST = 3  # nodes that a cluster has
FROM_INSIDE = "inside"  # who asks a Redis from its own container
OWN = "own_"  # begins the names of pictures of what the student has brought up by hand
OF_A_NODE = re.compile(r"workshop-\w+-n\d-\d+")
HOSTS = {
    str(number) for number in range(4026531834, 4026531840)
}  # namespaces that Linux begins with: no container's own
INSIDE = (  # asked of a container in one call, of either version of cgroups; what its image cannot do stays unknown
    'cd /sys/fs/cgroup; for f in memory.current memory/memory.usage_in_bytes; do echo "$f $(cat $f 2>/dev/null)"; done; '
    "echo sockets; cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; echo names; ls -l /proc/self/ns 2>/dev/null"
)
# Which attributes of a grader's fixtures ask which part of a picture; which words of a promise; which fixtures.
ASKS = {
    "ports": {"listening", "find_port"},
    "processes": {"processes", "is_running", "stop", "exec", "state", "seconds_to_end"},
    "image": {"layers", "size", "history", "unpacked", "config", "details"},
}
REACHES = {
    "get",
    "post",
    "request",
    "at_once",
}  # what goes through the port: one check that passed with it has been let through
CLAIMS = {
    "limits": re.compile(r"\blimit|\bmemory\b|\bprocessors?\b", re.IGNORECASE),
    "slots": re.compile(r"\bslots?\b", re.IGNORECASE),
}
OTHERS = {"redis", "relay", "notebook", "some"}  # whose `get` is another one
FIXTURES = {
    "redis": {"redis", "relay"},
    "stack": {"stack", "coming"},
    "image": {"image"},
    "failover": {"failover", "partition"},
}


def parts(lesson: Lesson, report: Report | None) -> dict[str, State]:
    """What the checks say of each part: of those that ask it, one failed, or all passed. Which check asks what is read from the grader.

    A check that fails behind a port says nothing of the port, where another one has come through it.
    """
    if report is None or lesson.fault:
        return {}
    found: dict[str, list[Outcome]] = {}
    reached: set[Outcome] = set()
    for check in report.checks:
        node = lesson.functions.get(check.id)
        if node is None:
            continue
        attributes = [one for one in ast.walk(node) if isinstance(one, ast.Attribute)]
        used = {one.attr for one in attributes if not (isinstance(one.value, ast.Name) and one.value.id in OTHERS)}
        taken = {argument.arg for argument in node.args.args}
        asked = {
            part for part in {*ASKS, *FIXTURES} if used & ASKS.get(part, set()) or taken & FIXTURES.get(part, set())
        }
        if used & REACHES:
            reached.add(check.outcome)
        for part in asked | {part for part, words in CLAIMS.items() if words.search(check.claim)}:
            found.setdefault(part, []).append(check.outcome)
    if reached:
        through = next(one for one in (Outcome.PASSED, Outcome.FAILED, *reached) if one in reached)
        found.setdefault("ports", []).append(through)
    return {part: _state(outcomes) for part, outcomes in found.items()}


def _state(outcomes: list[Outcome]) -> State:
    if Outcome.FAILED in outcomes:
        return State.FAILED
    return State.PASSED if set(outcomes) == {Outcome.PASSED} else State.NONE


class Looker:
    """Looks at what one session has running, and at what the student has brought up by hand. Its answers may be a second old."""

    FRESH = 1.0  # seconds

    def __init__(self, session: Callable[[], Session]) -> None:
        self._session = session
        self._lock = threading.Lock()  # a page asks for all pictures at once: they are of one look
        self._seen: tuple[float, list[Picture]] = (0.0, [])
        self._images = images.Images()
        self._clusters, self._redises = cluster.Asked(), Redises()

    def log(self) -> str:
        """The log of the service that is drawn; empty if there is none."""
        session = self._session()
        try:
            if session.runtime != "docker":
                return readable(session.kept.log()) if session.kept else ""
            found = _service(finding.of_run(session.run), session.kept)
            if found is None:
                return ""
            done = session.run.docker("logs", "--tail", "300", found["Name"].lstrip("/"), timeout=10)
            return readable(done.out + done.err)
        except (NotUp, Unchecked, OSError):
            return ""

    def pictures(self, lesson: Lesson, work: Path, report: Report | None, began_at: float) -> list[Picture]:
        """The pictures of what is there now."""
        with self._lock:
            when, seen = self._seen
            if time.monotonic() - when > self.FRESH:
                seen = self._look(lesson, work, report, began_at)
                self._seen = (time.monotonic(), seen)
            return seen

    def commands(self) -> list[Picture]:
        """The commands that arrived lately, at each Redis of the last look: the engine is not asked."""
        return self._redises.commands()

    def where(self, key: str) -> str:
        """Where a key falls in the cluster of the last look, and why; empty if there is none."""
        return self._clusters.where(key)

    def close(self) -> None:
        """Ends what listens."""
        self._redises.close()

    def _look(self, lesson: Lesson, work: Path, report: Report | None, began_at: float) -> list[Picture]:
        session, made = self._session(), []
        said = parts(lesson, report)
        there = There([], [])
        with contextlib.suppress(Unchecked, OSError, ValueError):
            if session.runtime == "docker" or (lesson.needs_engine and engine.trouble() is None):
                there = finding.containers(session.run, lesson, work)
        own, of_run = _first(there.own), _first(there.run)
        looks: list[Callable[[], list[Picture]]] = [
            lambda: self._cluster(session.run, OWN, [one for one in own if finding.has_redis(one)], {}),
            lambda: _stack(OWN, own, {}),
        ]
        if session.runtime == "docker":
            nodes = [one for one in there.run if OF_A_NODE.fullmatch(_plain_name(one))]
            service = _service(there.run, session.kept)
            has_passed = report is not None and (report.verdict is Outcome.PASSED or Progress().has_passed(lesson))
            looks += [
                lambda: self._cluster(session.run, "", nodes, said),
                lambda: self._images.look(session.run, lesson, began_at, said.get("image", State.NONE), has_passed),
                lambda: _container(session, service, said),
                lambda: _stack("", of_run, said),
            ]
        for look in looks:
            try:
                made += look()
            except Exception:  # what was there is going: the next look sees what comes
                continue
        places = list[tuple[Place, bool]]()
        with contextlib.suppress(Unchecked, OSError):
            places += _redises(session, there, self._clusters.members) if there.own or there.run else []
            places += _local_redis(session) if session.runtime != "docker" else []
        state = said.get("redis", said.get("stack", State.NONE))
        return made + self._redises.look([(place, state if is_asked else State.NONE) for place, is_asked in places])

    def _cluster(self, run: Run, whose: str, there: list[Found], said: dict[str, State]) -> list[Picture]:
        found = self._clusters.look(run, whose, there, said) if len(there) >= FEWEST else None
        if found is None:
            return []
        title = _title(whose, "cluster: slots, nodes, keys")
        return [Picture(f"{whose}cluster", title, clusters.svg(found), clusters.text(found))]


def readable(text: str) -> str:
    """A log without the sequences that a terminal would act upon."""
    plain = re.sub(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)?", "", text, flags=re.DOTALL)
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "", plain.replace("\r\n", "\n"))


def _service(there: list[Found], kept: Bench | None) -> Found | None:
    """The student's service among the containers of a run: the one that is kept for a person to ask, else the one started last, or `web` of a stack."""
    if kept and (asked := [one for one in there if _plain_name(one) == kept.first_container]):
        return asked[0]
    single = [one for one in there if OF_A_SERVICE.fullmatch(_plain_name(one))]
    in_stack = [one for one in there if one["Config"]["Labels"].get(SERVICE) == "web"]
    running = [one for one in (single or in_stack) if one["State"]["Running"]]
    return max(running or single or in_stack, key=lambda one: one["Created"], default=None)


def _container(session: Session, service: Found | None, said: dict[str, State]) -> list[Picture]:
    if service is None:
        return []
    name, host, state = service["Name"].lstrip("/"), service["HostConfig"], service["State"]
    bound = service["NetworkSettings"]["Ports"] or host.get("PortBindings") or {}
    ports = tuple(
        containers.Port(int(inner.split("/")[0]), f"{one.get('HostIp') or '127.0.0.1'}:{one.get('HostPort') or '–'}")
        for inner, outer in bound.items()
        for one in (outer or [])[:1]
    )
    words = f"{state['Status']}, exit code {state['ExitCode']}" if not state["Running"] else state["Status"]
    if state.get("Health"):
        words += f", {state['Health']['Status']}"
    found: dict[str, Any] = {"sockets": None if state["Running"] else ()}
    if state["Running"]:
        found = _inside(session, name, host)
    pids = int(host.get("PidsLimit") or 0) or None
    made = containers.Container(
        name,
        words,
        ports=ports,
        cpus=host["NanoCpus"] / 1e9 or None,
        parts=said,
        **({"memory": (None, host["Memory"] or None), "pids": (None, pids)} | found),
    )
    title = "The container: processes, limits, ways in"
    return [Picture("container", title, containers.svg(made), containers.text(made))]


def _inside(session: Session, name: str, host: dict[str, Any]) -> dict[str, Any]:
    """What is asked of the container itself, and of the engine about its processes."""
    rows = [
        line.split(None, 3)
        for line in session.run.docker("top", name, "-eo", "pid,ppid,user,args").out.splitlines()[1:]
    ]
    processes = tuple(containers.Process(int(row[0]), int(row[1]), row[2], row[3]) for row in rows if len(row) == 4)
    done = session.run.docker("exec", name, "sh", "-c", INSIDE, timeout=5)
    head, _, rest = done.out.partition("sockets\n")
    sockets, _, names = rest.partition("names\n")
    used = dict(re.findall(r"(memory)\S* (\d+)", head))
    return {
        "processes": processes,
        "sockets": tuple(parse_sockets(sockets)) if done.ok else None,
        "memory": (int(used["memory"]) if "memory" in used else None, host["Memory"] or None),
        "pids": (len(processes), int(host.get("PidsLimit") or 0) or None),
        "namespaces": {name: n for name, n in sorted(re.findall(r" (\w+) -> \1:\[(\d+)\]", names)) if n not in HOSTS},
    }


def _title(whose: str, what: str) -> str:
    return f"Your own {what}" if whose else f"The {what}"


def _stack(whose: str, there: list[Found], said: dict[str, State]) -> list[Picture]:
    """The stack that one project's containers are, if there are any."""
    if not there:
        return []
    project = there[0]["Config"]["Labels"][finding.PROJECT]
    short = lambda name: name.removeprefix(f"{project}_")  # noqa: E731 (the project's name says nothing to a student)
    members = []
    for one in there:
        ports = [
            f"{outer[0]['HostPort']}→{inner.split('/')[0]}"
            for inner, outer in one["NetworkSettings"]["Ports"].items()
            if outer
        ]
        mounts = [short(mount.get("Name") or mount["Source"]) for mount in one["Mounts"] if mount["Type"] == "volume"]
        members.append(
            stack.Member(
                one["Config"]["Labels"][SERVICE],
                one["State"]["Status"],
                (one["State"].get("Health") or {}).get("Status"),
                tuple(map(short, one["NetworkSettings"]["Networks"])),
                tuple("unnamed" if re.fullmatch("[0-9a-f]{64}", mount) else mount for mount in mounts),
                tuple(ports),
            )
        )
    members.sort(key=lambda one: one.service)
    found = stack.Stack(tuple(members), {one.service: said.get("stack", State.NONE) for one in members})
    title = _title(whose, "stack: services, networks, volumes")
    return [Picture(f"{whose}stack", title, stack.svg(found), stack.text(found))]


def _redises(session: Session, there: There, nodes: set[str]) -> list[tuple[Place, bool]]:
    """Each Redis that can be looked at, and whether the checks ask it: the student's own, and that of the last check once it is over.

    None of the `nodes` of a cluster is one.
    """
    run, kept = session.run, session.kept
    found = [(OWN, one) for one in _first(there.own)]
    found += [(OWN, one) for one in there.own if finding.PROJECT not in one["Config"]["Labels"]]
    if kept:
        found += [("", one) for one in _first(there.run)]
        if kept.with_redis:
            its_own = str(kept.runtime.redis().port)  # another one may be ready for the next check
            of_checks = [one for one in there.run if OF_REDIS.fullmatch(_plain_name(one))]
            found += [("", one) for one in of_checks if _port_of_redis(one) == its_own]
    names = {address: finding.name_of(one) for one in (*there.own, *there.run) for address in finding.addresses(one)}
    made = dict[str, tuple[Place, bool]]()
    for whose, one in found:
        if not finding.has_redis(one) or one["Id"] in nodes or not one["State"]["Running"]:
            continue
        published = _port_of_redis(one)
        if published:
            dial = direct(engine.host(), int(published))
        else:
            dial = functools.partial(tunnel.through, run, _plain_name(one))
        service = one["Config"]["Labels"].get(SERVICE, "redis")
        words = "Redis" if service == "redis" else f"Redis {service}"
        prefix = whose + ("" if service == "redis" else re.sub(r"\W", "_", f"{service}_"))
        title = f"Your own {words}" if whose else words
        id = f"{one['Id']} {one['State']['StartedAt']}"
        made.setdefault(prefix, (Place(id, prefix, title, dial, named(names, FROM_INSIDE), FROM_INSIDE), not whose))
    return list(made.values())


def _first(there: list[Found]) -> list[Found]:
    """The containers of the first project among them."""
    return next(iter(finding.projects(there).values()), [])


def _port_of_redis(one: Found) -> str | None:
    """The host port on which a Redis is published, if it is."""
    published = (one["NetworkSettings"]["Ports"] or {}).get("6379/tcp")
    return str(published[0]["HostPort"]) if published else None


def _plain_name(one: Found) -> str:
    return str(one["Name"]).lstrip("/")


def _local_redis(session: Session) -> list[tuple[Place, bool]]:
    if not (session.kept and session.kept.with_redis):
        return []
    server = session.kept.runtime.redis()
    dial = direct(server.host, server.port)
    return [(Place(f"{server.host}:{server.port}", "", "Redis", dial, named({}, others="client")), True)]
