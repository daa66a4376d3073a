"""A compose project: its services with state and health, the networks they share, and the volumes that outlive them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workshop.pictures.canvas import EDGE, Canvas, State, plain

BOX, GAP = (226, 104), 24


@dataclass(frozen=True)
class Member:
    """A container of a project. `health` is None if nobody tests it."""

    service: str
    status: str
    health: str | None
    networks: tuple[str, ...]
    volumes: tuple[str, ...]
    ports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stack:
    """A project. `parts` is what the checks say of each service."""

    members: tuple[Member, ...]
    parts: Mapping[str, State] = field(default_factory=dict)

    @property
    def networks(self) -> list[str]:
        """All networks, by name."""
        return sorted({name for member in self.members for name in member.networks})

    @property
    def volumes(self) -> list[str]:
        """All volumes, by name."""
        return sorted({name for member in self.members for name in member.volumes})


def svg(stack: Stack) -> str:
    """The picture: services in a row, each joined to the bars of its networks below, and its volumes below those."""
    canvas = Canvas("Stack")
    across = max(1, min(2, len(stack.members)))
    for start in range(0, len(stack.members), across):
        row = stack.members[start : start + across]
        top = canvas.top
        networks = sorted({name for member in row for name in member.networks})
        for place, member in enumerate(row):
            x = EDGE + place * (BOX[0] + GAP)
            bad = member.status != "running" or member.health == "unhealthy"
            state = State.FAILED if bad else stack.parts.get(member.service, State.NONE)
            canvas.box(x, top, *BOX, state)
            canvas.write(x + 12, top + 26, member.service, 16, bold=True, most=20)
            canvas.write(
                x + 12,
                top + 48,
                f"{member.status} · {member.health or 'no health test'}",
                13,
                "bad" if bad else "ink",
                most=28,
            )
            canvas.write(x + 12, top + 70, ", ".join(member.ports) or "reached from inside only", 12, "soft", most=30)
            canvas.write(
                x + 12,
                top + 92,
                (", ".join(member.volumes) and f"volume {', '.join(member.volumes)}") or "no volume",
                12,
                "soft",
                most=30,
            )
            for level, name in enumerate(networks):
                if name in member.networks:
                    canvas.line(
                        x + BOX[0] / 2 + 14 * level,
                        top + BOX[1],
                        x + BOX[0] / 2 + 14 * level,
                        top + BOX[1] + 24 + 34 * level,
                    )
        canvas.top = top + BOX[1] + 24
        for name in networks:
            canvas.box(EDGE, canvas.top, across * (BOX[0] + GAP) - GAP, 26)
            canvas.write(EDGE + 12, canvas.top + 18, f"network {name}", 13, most=80)
            canvas.top += 34
        canvas.top += 14
    return canvas.svg()


def text(stack: Stack) -> str:
    """The same in words."""
    lines = [f"Stack of {len(stack.members)} containers"]
    for one in stack.members:
        facts = [
            one.status,
            one.health or "no health test",
            f"networks {', '.join(one.networks) or '–'}",
            f"volumes {', '.join(one.volumes) or '–'}",
        ]
        lines.append(f"  {plain(one.service)}: {', '.join(facts)}, ports {', '.join(one.ports) or '–'}")
    return "\n".join(lines)
