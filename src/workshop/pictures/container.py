"""A container: its processes as a tree, what shuts it off, its limits against what it uses, and the way from a host port to a listening socket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workshop.pictures.canvas import EDGE, WIDTH, Canvas, State, plain, size

LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True)
class Process:
    """A process with the number that the host gives it."""

    pid: int
    parent: int
    user: str
    command: str


@dataclass(frozen=True)
class Port:
    """A port of the container that is published on the host, as `127.0.0.1:49153`."""

    inner: int
    outer: str


@dataclass(frozen=True)
class Container:
    """A container as it is now. What is not known is None; `parts` is what the checks say of `processes`, `limits` and `ports`."""

    name: str
    status: str
    processes: tuple[Process, ...] = ()
    sockets: tuple[tuple[str, int], ...] | None = None
    ports: tuple[Port, ...] = ()
    memory: tuple[int | None, int | None] = (None, None)  # bytes used, most
    pids: tuple[int | None, int | None] = (None, None)
    cpus: float | None = None
    namespaces: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, State] = field(default_factory=dict)


def tree(processes: Sequence[Process]) -> list[tuple[int, Process]]:
    """The processes from the first down, each with its depth."""
    known = {one.pid for one in processes}
    made: list[tuple[int, Process]] = []

    def add(parent: int | None, depth: int) -> None:
        for one in processes:
            if one.parent == parent or (parent is None and one.parent not in known):
                made.append((depth, one))
                if depth < 6:
                    add(one.pid, depth + 1)

    add(None, 0)
    return made


def arrives(container: Container, port: Port) -> str:
    """What a request to a published port meets: `` if a server takes it, else why it is a dead end."""
    if container.sockets is None:
        return "not known what listens"
    there = [address for address, number in container.sockets if number == port.inner]
    if not there:
        return f"nothing listens on port {port.inner}"
    if all(address in LOOPBACK for address in there):
        return f"dead end: listens on {there[0]} alone"
    return ""


def _uses(used: int | None, most: int | None, shown: object = size) -> str:
    words = [str(shown(one)) if callable(shown) and one is not None else "–" for one in (used, most)]
    return f"{words[0]} of {words[1]}"


def svg(container: Container) -> str:
    """The picture."""
    canvas = Canvas(f"Container · {container.status}")
    parts = container.parts
    left, wide = 178, WIDTH - 178 - EDGE + 8
    begun = canvas.top
    canvas.top += 26
    canvas.write(left + 14, canvas.top, "ways in", 13, "soft")
    for port in container.ports:
        why = arrives(container, port)
        state = State.FAILED if why.startswith(("dead", "nothing")) else parts.get("ports", State.NONE)
        y = canvas.top + 26
        canvas.box(EDGE - 6, y - 20, 132, 40, state)
        canvas.write(EDGE + 4, y + 5, port.outer, 13)
        canvas.way(EDGE + 128, left + 12, y, state, is_broken=bool(why))
        canvas.box(left + 22, y - 20, wide - 36, 40, state)
        taken = ", ".join(f"{address}:{number}" for address, number in container.sockets or () if number == port.inner)
        canvas.write(left + 34, y + 5, why or f"{taken} listens", 13, "bad" if why else "ink", most=44)
        canvas.top += 52
    if not container.ports:
        canvas.write(left + 90, canvas.top, "none: no port is published", 13)
    canvas.top += 26
    canvas.write(left + 14, canvas.top, "processes, as the host counts them", 13, "soft")
    rows = tree(container.processes)
    high = 22 * max(len(rows), 1) + 12
    canvas.box(left + 12, canvas.top + 8, wide - 24, high, parts.get("processes", State.NONE))
    for depth, one in rows:
        canvas.top += 22
        canvas.write(
            left + 24 + 18 * depth,
            canvas.top + 6,
            f"{'└ ' if depth else ''}{one.pid}  {one.user}  {one.command}",
            13,
            most=42 - 3 * depth,
        )
    if not rows:
        canvas.top += 22
        canvas.write(left + 24, canvas.top + 6, "none: it has ended", 13, "bad")
    canvas.top += 46
    canvas.write(left + 14, canvas.top, "limits", 13, "soft")
    canvas.box(left + 12, canvas.top + 8, wide - 24, 84, parts.get("limits", State.NONE))
    for label, (used, most), shown in (("memory", container.memory, size), ("processes", container.pids, str)):
        canvas.top += 26
        canvas.write(left + 24, canvas.top + 4, label, 13)
        canvas.box(left + 104, canvas.top - 8, 84, 14)
        if used is not None and most:
            canvas.box(left + 104, canvas.top - 8, 84 * min(1, used / most), 14, kind="bar")
        canvas.write(left + 200, canvas.top + 4, _uses(used, most, shown), 13)
    canvas.top += 26
    canvas.write(left + 24, canvas.top + 4, "processors", 13)
    canvas.write(left + 104, canvas.top + 4, f"at most {container.cpus:g}" if container.cpus else "no limit", 13)
    canvas.top += 46
    names = ", ".join(container.namespaces) or "not known"
    canvas.write(left + 14, canvas.top, f"namespaces of its own: {names}", 13, "soft", most=46)
    canvas.top += 16
    canvas.around(left, begun - 6, wide, canvas.top - begun + 6)
    canvas.top += 8
    return canvas.svg()


def text(container: Container) -> str:
    """The same in words."""
    lines = [f"Container {plain(container.name)}: {container.status}"]
    for port in container.ports:
        lines.append(f"  {port.outer} → port {port.inner}: {arrives(container, port) or 'taken by a server'}")
    if not container.ports:
        lines.append("  no port is published")
    lines.append(
        "  listens on "
        + (
            ", ".join(f"{a}:{n}" for a, n in container.sockets or ())
            or ("nothing" if container.sockets == () else "–")
        )
    )
    lines += [
        f"  {'  ' * depth}process {one.pid}, {one.user}: {plain(one.command)}"
        for depth, one in tree(container.processes)
    ]
    lines.append(
        f"  memory {_uses(*container.memory)}, processes {_uses(*container.pids, str)}, processors {container.cpus or 'no limit'}"
    )
    lines += [f"  namespace {name}: {number}" for name, number in container.namespaces.items()]
    return "\n".join(lines)
