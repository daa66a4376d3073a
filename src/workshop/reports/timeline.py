"""The timeline of a drill, rendered: a dozen lines for a terminal, a picture for a page. Both are pure functions of a Check's `timeline`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from unicodedata import category

Timeline = Sequence[Mapping[str, Any]]

MOST = 12  # lines on a terminal
WIDTH, EDGE, NAMES = 960, 36, 150  # of the picture, in its own units: all, the margin, what the lanes' names take
DOT, ROW = 11, 26  # radius of an event, height of a row
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60)
STYLE = """
    .ground { fill: #ffffff; stroke: #d0d7de; }
    .lane { stroke: #d0d7de; stroke-width: 2; }
    .tick { stroke: #d0d7de; stroke-dasharray: 2 5; }
    .ink { fill: #1f2328; }
    .soft { fill: #57606a; }
    .dot { fill: #1f6feb; }
    .on { fill: #ffffff; }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #151b23; stroke: #3d444d; }
      .lane, .tick { stroke: #3d444d; }
      .ink { fill: #f0f6fc; }
      .soft { fill: #a8b3c0; }
      .dot { fill: #6ea8ef; }
      .on { fill: #0d1117; }
    }
"""


def plain(text: object) -> str:
    """The text without what would move a cursor or break an SVG: a lane may be named by a stranger's container."""
    return "".join(sign if category(sign)[0] != "C" else " " for sign in str(text))


def lines(timeline: Timeline, most: int = MOST) -> list[str]:
    """One line an event: seconds since the check began, lane, what. Of more than `most`, those in the middle are counted."""
    lanes = [plain(event["lane"]) for event in timeline]
    widest = max(map(len, lanes), default=0)
    rows = [
        f"{event['at']:6.2f} s  {lane:<{widest}}  {plain(event['what'])}"
        for event, lane in zip(timeline, lanes, strict=True)
    ]
    if len(rows) <= most:
        return rows
    first = most // 2
    last = most - first - 1
    return [*rows[:first], f"{'…':>6}    {len(rows) - most + 1} more events", *rows[-last:]]


def svg(timeline: Timeline, title: str) -> str:
    """The timeline as a picture: a lane for each node or client, its events on a scale of seconds, numbered, and the list of them below."""
    lanes = list(dict.fromkeys(str(event["lane"]) for event in timeline))
    end = max((event["at"] for event in timeline), default=0) or 0.1
    left, right = EDGE + NAMES, WIDTH - EDGE - DOT
    places = _places(timeline, lambda at: left + (right - left) * at / end)
    parts, top = [], 76.0
    for lane in lanes:
        mine = [number for number, event in enumerate(timeline) if str(event["lane"]) == lane]
        top += ROW * (1 + max(places[number][1] for number in mine))
        parts.append(f'<line class="lane" x1="{left - DOT}" y1="{top:.0f}" x2="{right + DOT}" y2="{top:.0f}"/>')
        parts.append(_text(EDGE, top + 5, plain(lane), "ink", 16, bold=True))
        for number in mine:
            x, level = places[number]
            y = top - level * ROW
            parts.append(f'<circle class="dot" cx="{x:.0f}" cy="{y:.0f}" r="{DOT}"/>')
            parts.append(_text(x, y + 4, str(number + 1), "on", 12, anchor="middle"))
    floor = top + 22
    step = next((step for step in STEPS if end / step <= 12), end / 12)
    ticks = []
    for count in range(int(end / step) + 1):
        x = left + (right - left) * count * step / end
        ticks.append(f'<line class="tick" x1="{x:.0f}" y1="66" x2="{x:.0f}" y2="{floor - 4:.0f}"/>')
        ticks.append(_text(x, floor + 12, f"{count * step:g} s", "soft", 13, anchor="middle"))
    listed = []
    for number, event in enumerate(timeline):
        y = floor + 52 + ROW * number
        row = f"{number + 1}  ·  {event['at']:.2f} s"
        listed += [
            _text(EDGE, y, row, "soft", 15),
            _text(left, y, f"{plain(event['lane'])}: {plain(event['what'])}", "ink", 15),
        ]
    height = floor + 52 + ROW * len(timeline)
    name = escape(plain(title))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{name}"'
        f' font-family="Helvetica, Arial, sans-serif">\n  <title>{name}</title>\n  <style>{STYLE}  </style>\n'
        f'  <rect class="ground" x="1" y="1" width="{WIDTH - 2}" height="{height - 2:.0f}" rx="14"/>\n  '
        + "\n  ".join([_text(EDGE, 44, plain(title), "ink", _fitting(title), bold=True), *ticks, *parts, *listed])
        + "\n</svg>\n"
    )


def _places(timeline: Timeline, across: Any) -> list[tuple[float, int]]:
    """Where each event stands: how far to the right, and how many rows above its lane, so that no two cover one another."""
    places: list[tuple[float, int]] = []
    taken: dict[tuple[str, int], float] = {}  # where the last event of a lane's row stands
    for event in timeline:
        lane, x, level = str(event["lane"]), across(event["at"]), 0
        while x - taken.get((lane, level), -2.0 * WIDTH) < 2 * DOT + 2:
            level += 1
        taken[lane, level] = x
        places.append((x, level))
    return places


def _fitting(title: str) -> int:
    """The size at which a title fits into the picture: a bold letter is about 0.6 as wide."""
    return max(10, min(18, int((WIDTH - 2 * EDGE) / (0.6 * max(1, len(title))))))


def _text(x: float, y: float, text: str, kind: str, size: int, bold: bool = False, anchor: str = "start") -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'
