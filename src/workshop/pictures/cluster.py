"""A Redis Cluster: the slots over the primaries, each shard with its replicas, a node that is gone, and where keys fall and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workshop.pictures.canvas import EDGE, WIDTH, Canvas, State, plain

SLOTS = 16384
ACROSS, GAP, HIGH = 3, 14, 74  # shards in a row, the room between them, a node's height
SHOWN = 8  # keys, and events, that are drawn
Span = tuple[int, int]  # the first slot and the last


@dataclass(frozen=True)
class Node:
    """A node. `shard` is what it has in common with those that copy it or that it copies, `trouble` what is wrong with it in words."""

    name: str
    shard: str
    spans: tuple[Span, ...] = ()  # what it serves: only a primary does
    copies: str | None = None  # the name of its primary
    keys: int | None = None
    trouble: str = ""

    @property
    def slots(self) -> int:
        """How many slots it serves."""
        return sum(last - first + 1 for first, last in self.spans)

    @property
    def part(self) -> str:
        """What it does in the cluster."""
        if self.copies:
            return f"replica of {self.copies}"
        return "primary" if self.spans else "serves no slot"


@dataclass(frozen=True)
class Fall:
    """A key and its slot. `hashed` is what the slot was made from: the hash tag, or the whole key."""

    key: str
    slot: int
    hashed: str


@dataclass(frozen=True)
class Cluster:
    """A cluster as `teller`, one of its nodes, sees it. `events` are what was seen to change, the last one last; `parts` is what the checks say of `slots` and `failover`."""

    teller: str
    nodes: tuple[Node, ...]
    falls: tuple[Fall, ...] = ()
    events: tuple[str, ...] = ()
    is_down: bool = False  # every key is refused
    parts: Mapping[str, State] = field(default_factory=dict)

    @property
    def served(self) -> int:
        """How many slots are served: those of a node that has failed are not."""
        return sum(node.slots for node in self.nodes if not node.trouble)

    @property
    def note(self) -> str:
        """What is to be said of the whole, if anything is."""
        if not any(node.spans for node in self.nodes):
            return "no slot is given out yet" if len(self.nodes) > 1 else "it has not met the other nodes yet"
        return "it refuses every key" if self.is_down else ""

    @property
    def shards(self) -> list[list[Node]]:
        """The nodes by shard: these in the order of their slots, in each the nodes by name, so that nothing moves when a replica takes over."""
        found: dict[str, list[Node]] = {}
        for node in sorted(self.nodes, key=lambda node: node.name):
            found.setdefault(node.shard, []).append(node)
        first = lambda nodes: min((node.spans[0][0] for node in nodes if node.spans), default=SLOTS)  # noqa: E731
        return sorted(found.values(), key=first)

    def owner(self, slot: int) -> Node | None:
        """The node that serves a slot."""
        return next((node for node in self.nodes if any(a <= slot <= b for a, b in node.spans)), None)


def hashed(key: str) -> str:
    """What a key's slot is made from: what stands between the first `{` and the next `}`, or the whole key if that is nothing."""
    _, brace, rest = key.partition("{")
    tag, end, _ = rest.partition("}")
    return tag if brace and end and tag else key


def why(fall: Fall) -> str:
    """Why a key has the slot that it has, in words."""
    if fall.hashed != fall.key:
        return f"hash tag {plain(fall.hashed, 24)}"
    return "no hash tag: the whole key counts" if "{" not in fall.key else "no whole hash tag: the whole key counts"


def where(cluster: Cluster, fall: Fall) -> str:
    """Where a key falls and why, in a sentence."""
    owner = cluster.owner(fall.slot)
    there = f"on {plain(owner.name)}" if owner and not owner.trouble else "which nobody serves now"
    return f"{why(fall)} → slot {fall.slot}, {there}"


def ranges(spans: tuple[Span, ...], most: int = 3) -> str:
    """Spans of slots in words."""
    words = [f"{first}–{last}" if first != last else str(first) for first, last in spans]
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def changes(before: Cluster, after: Cluster) -> list[str]:
    """What is different in words: who is away or back, who took over from whom, which slots moved."""
    was, told = {node.name: node for node in before.nodes}, []
    for node in after.nodes:
        old = was.get(node.name)
        if old is None:
            told.append(f"{node.name} is there: {node.part}")
            continue
        if node.trouble and node.trouble != old.trouble:
            told.append(f"{node.name}: {node.trouble}")
        gained = _gained(before, old, node)
        if gained:
            told.append(gained)
        if old.trouble and not node.trouble:
            told.append(f"{node.name} is back: {node.part}")
        elif node.copies and node.copies != old.copies and not node.trouble:
            told.append(f"{node.name} copies {node.copies} now")
    return told


def _gained(before: Cluster, old: Node, node: Node) -> str:
    """The slots that a node has and had not, and from whom; a whole shard's are taken over."""
    mine = [slot for first, last in node.spans for slot in range(first, last + 1)]
    if old.slots == len(mine) or not mine:
        return ""
    new = [slot for slot in mine if not any(first <= slot <= last for first, last in old.spans)]
    givers = sorted({giver.name for slot in new if (giver := before.owner(slot))})
    if not givers:
        return f"{node.name} serves {ranges(node.spans)}" if new else ""
    if not old.spans:
        return f"{node.name} is primary now: it has taken over from {', '.join(givers)}"
    return f"{node.name} has {len(new)} slots more, from {', '.join(givers)}"


def svg(cluster: Cluster) -> str:
    """The picture: all slots as one bar, the shards below their slots, then what happened and where keys fall."""
    canvas = Canvas(f"Cluster · {cluster.served} of {SLOTS} slots are served")
    seen = f"as {plain(cluster.teller, 20)} sees it"
    words = f"{seen} · {cluster.note}" if cluster.note else seen
    canvas.write(EDGE, canvas.top - 4, words, 13, "bad" if cluster.note else "soft")
    canvas.top += 12
    falls = cluster.falls[:SHOWN]
    _bar(canvas, cluster, falls)
    shards = cluster.shards
    wide = (WIDTH - 2 * EDGE - (ACROSS - 1) * GAP) / ACROSS
    for start in range(0, len(shards), ACROSS):
        row = shards[start : start + ACROSS]
        for place, nodes in enumerate(row):
            _shard(canvas, nodes, EDGE + place * (wide + GAP), wide, cluster.parts.get("failover", State.NONE))
        canvas.top += 26 + max(len(nodes) for nodes in row) * (HIGH + 10) + 8
    if cluster.events:
        canvas.write(EDGE, canvas.top + 8, "what happened while you looked", 13, "soft")
        for event in cluster.events[-SHOWN:]:
            canvas.top += 20
            canvas.write(EDGE, canvas.top + 8, event, 13, most=70)
        canvas.top += 30
    if falls:
        canvas.write(EDGE, canvas.top + 8, "where keys fall: CRC16 of what counts, modulo 16384", 13, "soft")
        canvas.top += 18
    for number, fall in enumerate(falls, 1):
        owner = cluster.owner(fall.slot)
        canvas.write(EDGE, canvas.top + 12, number, 12, "soft")
        canvas.write(EDGE + 18, canvas.top + 12, fall.key, 13, bold=True, most=44)
        where = f"slot {fall.slot} · {owner.name if owner and not owner.trouble else 'nobody'}"
        canvas.write(
            WIDTH - EDGE, canvas.top + 12, where, 13, "ink" if owner and not owner.trouble else "bad", end=True
        )
        canvas.write(EDGE + 18, canvas.top + 28, why(fall), 12, "soft")
        canvas.top += 40
    return canvas.svg()


def _bar(canvas: Canvas, cluster: Cluster, falls: tuple[Fall, ...]) -> None:
    """All slots from left to right, with the marks of the keys above. What nobody serves is red."""
    at = lambda slot: EDGE + (WIDTH - 2 * EDGE) * slot / SLOTS  # noqa: E731
    taken = -1.0
    for number, fall in sorted(enumerate(falls, 1), key=lambda pair: pair[1].slot):
        if at(fall.slot) > taken:  # where they are too close for another number, one is enough
            canvas.write(at(fall.slot) - 3, canvas.top + 8, number, 11, "soft")
            taken = at(fall.slot) + 11
        canvas.line(at(fall.slot), canvas.top + 11, at(fall.slot), canvas.top + 17)
    y, state = canvas.top + 18, cluster.parts.get("slots", State.NONE)
    last_label = -100.0
    for first, last, name in _pieces(cluster):
        x, wide = at(first), at(last + 1) - at(first)
        canvas.box(x, y, wide, 26, state if name else State.NONE, kind="box" if name else "bad")
        if wide > 30:
            kind = "ink" if name else "over"
            canvas.write(x + 8, y + 18, name or "nobody", 13, kind, bold=True, most=max(1, int((wide - 10) / 8)))
        if x - last_label > 44 and x < WIDTH - 2 * EDGE - 30:
            canvas.write(x, y + 42, first, 11, "soft")
            last_label = x
    canvas.write(WIDTH - EDGE, y + 42, SLOTS - 1, 11, "soft", end=True)
    canvas.top = y + 58


def _pieces(cluster: Cluster) -> list[tuple[int, int, str]]:
    """The slots in order as (first, last, name of who serves them); nobody has no name."""
    served = sorted((span, node.name) for node in cluster.nodes if not node.trouble for span in node.spans)
    made, next_one = [], 0
    for (first, last), name in [*served, ((SLOTS, SLOTS), "")]:
        if first > next_one:
            made.append((next_one, first - 1, ""))
        if name:
            made.append((first, last, name))
        next_one = last + 1
    return made


def _shard(canvas: Canvas, nodes: list[Node], x: float, wide: float, state: State) -> None:
    """A column: the slots, then the nodes, each in its place. The primary has a blue edge."""
    spans = next((node.spans for node in nodes if node.spans), ())
    count = sum(last - first + 1 for first, last in spans)
    head = (
        f"slots {ranges(spans)}"
        if len(spans) == 1
        else f"{count} slots in {len(spans)} parts"
        if spans
        else "no slots"
    )
    canvas.write(x, canvas.top + 12, head, 13, "soft")
    y, letters = canvas.top + 22, int((wide - 24) / 6.3)
    for node in nodes:
        canvas.box(x, y, wide, HIGH, State.FAILED if node.trouble else state)
        if node.spans and not node.trouble:
            canvas.box(x + 5, y + 6, 6, HIGH - 12, kind="bar")
        canvas.write(x + 18, y + 22, node.name, 15, bold=True, most=int(letters * 0.8))
        canvas.write(x + 18, y + 42, node.part, 13, most=letters)
        held = "" if node.keys is None else f"{node.keys} {'key' if node.keys == 1 else 'keys'}"
        canvas.write(x + 18, y + 61, node.trouble or held, 12, "bad" if node.trouble else "soft", most=letters)
        y += HIGH + 10


def text(cluster: Cluster) -> str:
    """The same in words."""
    head = f"Cluster as {plain(cluster.teller)} sees it: {cluster.served} of {SLOTS} slots are served"
    lines = [f"{head}; {cluster.note}" if cluster.note else head]
    for nodes in cluster.shards:
        for node in sorted(nodes, key=lambda node: not node.spans):
            facts = [node.part, f"slots {ranges(node.spans)}" if node.spans else ""]
            facts.append("" if node.keys is None else f"{node.keys} {'key' if node.keys == 1 else 'keys'}")
            facts.append(node.trouble)
            lines.append(f"  {plain(node.name)}: {', '.join(word for word in facts if word)}")
    lines += [f"  {plain(event)}" for event in cluster.events[-SHOWN:]]
    lines += [f"  key {plain(fall.key, 80)}: {where(cluster, fall)}" for fall in cluster.falls[:SHOWN]]
    return "\n".join(map(plain, lines))
