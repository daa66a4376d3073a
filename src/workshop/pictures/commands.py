"""The commands that arrive at a Redis, the newest last: when, from whom, and which of them are one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from workshop.pictures.canvas import EDGE, WIDTH, Canvas, plain
from workshop.wire.monitor import Command

MOST, ROW, LETTERS = 18, 22, 48  # rows that are drawn, their height, and how much of a command there is room for
CONNECTS = {"HELLO", "CLIENT", "SELECT", "AUTH"}  # what a client says when it connects
SCRIPTS = {"EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"}
LUA = "lua"
CONNECTED = "connects:"  # stands in place of a verb
NONE_YET = "No command has arrived yet. Send your service a request."


@dataclass(frozen=True)
class Row:
    """A command, or what a client says when it connects, as one. `step` is the number of the transaction or script that it is part of."""

    at: str
    who: str
    words: tuple[str, ...]
    step: int | None = None


@dataclass(frozen=True)
class Arrived:
    """What arrived lately. `pings` are those of a health test, which are counted and not shown; `is_resting`: more came than can be shown."""

    rows: tuple[Row, ...]
    pings: int = 0
    is_resting: bool = False


def rows(commands: Sequence[Command], who: Callable[[str], str], inside: str = "") -> tuple[tuple[Row, ...], int]:
    """Rows out of commands, and how many PING came from a client called `inside`. A client with more than one connection has them numbered."""
    names, connections = dict[str, str](), dict[str, list[str]]()
    for one in commands:
        numbered = connections.setdefault(who(one.client), [])
        if one.client not in numbered:
            numbered.append(one.client)
    for name, numbered in connections.items():
        for number, client in enumerate(numbered, 1):
            names[client] = name if len(numbered) == 1 or name == inside else f"{name} {number}"
    made, pings, steps, begun = list[Row](), 0, 0, dict[str, int]()
    script: int | None = None
    for one in commands:
        verb, name = one.words[0].upper(), names[one.client]
        if verb == "PING" and name == inside:
            pings += 1
            continue
        if verb == "MULTI" or verb in SCRIPTS:
            steps += 1
            script = steps if verb in SCRIPTS else script
            if verb == "MULTI":
                begun[one.client] = steps
        step = begun.get(one.client)
        if one.client == LUA or verb in SCRIPTS:
            step = script
        if verb in ("EXEC", "DISCARD"):
            begun.pop(one.client, None)
        last = made[-1] if made else None
        if verb in CONNECTS and last and last.who == name and last.words[0] == CONNECTED:
            if _spoken(one) not in last.words:
                made[-1] = Row(last.at, name, (*last.words, _spoken(one)))
            continue
        words = (CONNECTED, _spoken(one)) if verb in CONNECTS and step is None else (verb, *one.words[1:])
        clock = datetime.fromtimestamp(one.at).strftime("%H:%M:%S.%f")[:-3]
        made.append(Row(clock, name, words, step))
    alone = {step for step in {row.step for row in made} if sum(row.step == step for row in made) == 1}
    return tuple(Row(row.at, row.who, row.words, None if row.step in alone else row.step) for row in made), pings


def _spoken(command: Command) -> str:
    """What a client says when it connects, without what it says of itself."""
    verb = command.words[0].upper()
    return f"CLIENT {command.words[1].upper()}" if verb == "CLIENT" and len(command.words) > 1 else verb


def spelled(row: Row) -> str:
    """What comes after the first word: arguments as one could type them."""
    words = row.words[1:]
    if row.words[0] == CONNECTED:
        return ", ".join(words)
    return " ".join(word if word and not set(word) & set(" \"'\n") else f'"{word}"' for word in words)


def foot(arrived: Arrived) -> list[str]:
    """What there is to say below the rows."""
    said = []
    if arrived.is_resting:
        said.append("More came than can be shown. In a few seconds it goes on.")
    if arrived.pings:
        said.append(f"{arrived.pings} × PING from inside, as by a health test")
    return said


def svg(arrived: Arrived) -> str:
    """The picture: a row for each command; what is one step for everybody else stands in one frame."""
    canvas = Canvas("Redis · commands as they arrive")
    shown = arrived.rows[-MOST:]
    canvas.write(
        EDGE, canvas.top - 4, "when · from whom · what; in a frame: one step, and nobody comes in between", 12, "soft"
    )
    canvas.top += 8
    for place, row in enumerate(shown):
        is_first = row.step is not None and (place == 0 or shown[place - 1].step != row.step)
        if is_first:
            count = next((n for n, other in enumerate(shown[place:]) if other.step != row.step), len(shown) - place)
            canvas.box(EDGE - 8, canvas.top + 1, WIDTH - 2 * EDGE + 16, ROW * count)
        canvas.write(EDGE, canvas.top + 16, row.at, 12, "soft")
        canvas.write(EDGE + 92, canvas.top + 16, row.who, 12, "soft", most=13)
        canvas.write_led(EDGE + 178, canvas.top + 16, row.words[0], spelled(row), 12, most=LETTERS)
        canvas.top += ROW
    if not shown:
        canvas.write(EDGE, canvas.top + 10, NONE_YET, 14)
        canvas.top += 20
    canvas.top += 6
    for line in foot(arrived):
        canvas.write(EDGE, canvas.top + 12, line, 12, "soft")
        canvas.top += 20
    return canvas.svg()


def text(arrived: Arrived) -> str:
    """The same in words, a line a command; those of one step are joined by a bar."""
    lines = ["Redis, commands as they arrived, the newest last" if arrived.rows else f"Redis: {NONE_YET}"]
    for row in arrived.rows[-MOST:]:
        lines.append(f"  {row.at}  {row.who}  {'| ' if row.step is not None else ''}{row.words[0]} {spelled(row)}")
    return "\n".join(plain(line).rstrip() for line in [*lines, *(f"  {line}" for line in foot(arrived))])
