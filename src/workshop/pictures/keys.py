"""What is in a Redis: keys by type, each drawn as its structure, with encoding, memory and the time it has left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workshop.pictures.canvas import EDGE, WIDTH, Canvas, State, plain, size

KINDS = ("string", "list", "set", "zset", "hash", "stream")
NAMES = {"zset": "sorted set"}
MOST, ITEMS = 24, 6  # keys, and members of each, that are drawn


@dataclass(frozen=True)
class Key:
    """A key. `items` are its first members, in its own order: (label, value); a label is an index, a field, a score. `count` is how many there are."""

    name: str
    kind: str
    items: tuple[tuple[str, str], ...]
    count: int
    left: float | None = None  # seconds until it expires
    encoding: str | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Database:
    """The keys of a Redis, of which there are `count`."""

    keys: tuple[Key, ...]
    count: int
    state: State = State.NONE


def of(client: Any, most: int = MOST) -> Database:
    """What is in the database of a client. A server that cannot tell encoding or memory leaves them out."""
    names = sorted(name for name, _ in zip(client.scan_iter(count=500), range(500), strict=False))[:most]
    keys = [key for name in names if (key := _key(client, name))]
    return Database(tuple(keys), int(client.dbsize()))


def _word(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _key(client: Any, name: Any) -> Key | None:
    kind = _word(client.type(name))
    count, found = _items(client, name, kind)
    items = tuple((_word(label), _word(value)) for label, value in found)
    if kind == "none":  # it went while we looked
        return None
    left = client.pttl(name)
    encoding = _asked(lambda: _word(client.object("encoding", name)))
    return Key(
        _word(name),
        kind,
        items,
        count,
        left / 1000 if left >= 0 else None,
        encoding,
        _asked(lambda: client.memory_usage(name)),
    )


def _asked(ask: Any) -> Any:
    try:
        return ask()
    except Exception:  # fakeredis and others know less than Redis
        return None


def _items(client: Any, name: Any, kind: str) -> tuple[int, tuple[tuple[Any, Any], ...]]:
    last = ITEMS - 1
    if kind == "string":
        return client.strlen(name), (("", client.getrange(name, 0, 79)),)
    if kind == "list":
        return client.llen(name), tuple((str(n), value) for n, value in enumerate(client.lrange(name, 0, last)))
    if kind == "set":
        return client.scard(name), tuple(("", member) for member in sorted(client.sscan(name, count=50)[1])[:ITEMS])
    if kind == "zset":
        ranked = client.zrange(name, 0, last, withscores=True)
        return client.zcard(name), tuple((f"{score:g}", member) for member, score in ranked)
    if kind == "hash":
        return client.hlen(name), tuple(list(client.hscan(name, count=50)[1].items())[:ITEMS])
    if kind == "stream":
        return client.xlen(name), tuple(
            (at, ", ".join(f"{_word(k)}={_word(v)}" for k, v in data.items()))
            for at, data in client.xrange(name, count=ITEMS)
        )
    return 0, ()


def facts(key: Key) -> str:
    """What there is to say of a key beside its content."""
    unit = {"string": "bytes"}.get(key.kind, "fields" if key.kind == "hash" else "members")
    words = [NAMES.get(key.kind, key.kind), f"{key.count} {unit[:-1] if key.count == 1 else unit}", key.encoding]
    words.append(size(key.bytes) if key.bytes else None)
    words.append("no time to live" if key.left is None else f"{key.left:.1f} s left")
    return " · ".join(word for word in words if word)


def svg(database: Database) -> str:
    """The picture: a part for each type; a list's cells stand in their order, a sorted set's by score, a hash's as fields with values."""
    canvas = Canvas(f"Redis · {database.count} keys" if database.count != 1 else "Redis · 1 key")
    for key in sorted(database.keys, key=lambda one: KINDS.index(one.kind) if one.kind in KINDS else len(KINDS)):
        _draw(canvas, key, database.state)
    if database.count > len(database.keys):
        canvas.write(EDGE, canvas.top + 4, f"and {database.count - len(database.keys)} more keys", 13, "soft")
        canvas.top += 22
    if not database.keys:
        canvas.write(EDGE, canvas.top, "It is empty.", 14)
        canvas.top += 20
    return canvas.svg()


def _draw(canvas: Canvas, key: Key, state: State) -> None:
    canvas.write(EDGE, canvas.top + 4, key.name, 14, bold=True, most=36)
    canvas.write(EDGE, canvas.top + 22, facts(key), 12, "soft", most=78)
    canvas.top += 32
    x, y = float(EDGE), canvas.top
    for label, value in key.items:
        shown = plain(value, 60 if key.kind == "string" else 24) or '""'
        wide = max(len(shown), len(plain(label, 24))) * 7.6 + 20
        if x + wide > WIDTH - EDGE and x > EDGE:
            x, y = float(EDGE), y + (46 if label else 34)
        canvas.box(x, y, min(wide, WIDTH - 2 * EDGE), 42 if label else 28, state)
        if label:
            canvas.write(x + 10, y + 15, label, 12, "soft", most=24)
        canvas.write(x + 10, y + (34 if label else 19), shown, 13)
        x += wide + (2 if key.kind == "list" else 8)
    if key.count > len(key.items) and key.kind != "string":
        canvas.write(x + 4, y + 20, f"… {key.count - len(key.items)} more", 12, "soft")
    canvas.top = y + (44 if any(label for label, _ in key.items) else 30) + 22


def text(database: Database) -> str:
    """The same in words, a line a key."""
    lines = [f"Redis, {database.count} {'key' if database.count == 1 else 'keys'}"]
    for key in database.keys:
        held = ", ".join(
            f"{plain(label, 40)}: {plain(value, 60)}" if label else plain(value, 80) for label, value in key.items
        )
        lines.append(
            f"  {plain(key.name)} · {facts(key)} · {held}{' …' if key.count > len(key.items) and key.kind != 'string' else ''}"
        )
    return "\n".join(lines)
