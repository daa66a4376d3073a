"""What all pictures share: colours for light and dark, boxes, lines and texts, and a part's state, which is that of the checks that ask it."""

from __future__ import annotations

from enum import StrEnum
from html import escape
from unicodedata import category

WIDTH, EDGE = 520, 20  # beside a text there is no more room in which it can be read
STYLE = """
    .ground { fill: #ffffff; stroke: #d0d7de; }
    .box { fill: #f3f5f8; stroke: #57606a; }
    .way { fill: none; stroke: #57606a; stroke-width: 2.5; }
    .bar { fill: #1f6feb; }
    .old { fill: #8c959f; }
    .ink { fill: #1f2328; }
    .soft { fill: #57606a; }
    .passed { stroke: #1a7f37; stroke-width: 3; }
    .failed { stroke: #b02a1c; stroke-width: 3; }
    .bad { fill: #b02a1c; }
    .over { fill: #ffffff; }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #151b23; stroke: #3d444d; }
      .box { fill: #0d1117; stroke: #8b949e; }
      .way { stroke: #8b949e; }
      .bar { fill: #6ea8ef; }
      .old { fill: #6e7681; }
      .ink { fill: #f0f6fc; }
      .soft { fill: #a8b3c0; }
      .passed { stroke: #3fb950; }
      .failed { stroke: #ff8f84; }
      .bad { fill: #ff8f84; }
      .over { fill: #0d1117; }
    }
"""


class State(StrEnum):
    """What the checks that ask a part say of it."""

    NONE = ""  # none asks it, or they are not through
    PASSED = "passed"
    FAILED = "failed"


def plain(text: object, most: int = 0) -> str:
    """The text without what would move a cursor or break an SVG, since a stranger's container may have named it; cut where it is too long."""
    shown = "".join(sign if category(sign)[0] != "C" else " " for sign in str(text))
    return shown if not most or len(shown) <= most else f"{shown[: most - 1]}…"


def size(count: float) -> str:
    """Bytes in words, as `docker image ls` counts them: 1 kB is 1000 bytes."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.2f} GB"


class Canvas:
    """An SVG as it is drawn, from the top down. `top` is where the next thing goes."""

    def __init__(self, title: str) -> None:
        self.title, self.top = plain(title), 64.0
        self._parts: list[str] = []
        self.write(EDGE, 38, title, 17, bold=True)

    def write(
        self,
        x: float,
        y: float,
        text: object,
        size: int = 14,
        kind: str = "ink",
        bold: bool = False,
        end: bool = False,
        most: int = 0,
    ) -> None:
        """A line of text that begins at x, or with `end` ends there."""
        weight = ' font-weight="bold"' if bold else ""
        anchor = ' text-anchor="end"' if end else ""
        self._parts.append(
            f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}" font-size="{size}"{anchor}{weight}>{escape(plain(text, most))}</text>'
        )

    def write_led(self, x: float, y: float, lead: object, text: object, size: int = 14, most: int = 0) -> None:
        """A line of text that begins with a word in bold; `most` is for both."""
        first = plain(lead, most)
        rest = escape(plain(text, max(1, most - len(first) - 1)))
        self._parts.append(
            f'<text class="ink" x="{x:.0f}" y="{y:.0f}" font-size="{size}"><tspan font-weight="bold">{escape(first)}</tspan> {rest}</text>'
        )

    def box(self, x: float, y: float, wide: float, high: float, state: State = State.NONE, kind: str = "box") -> None:
        """A box; its edge is green or red as its checks are."""
        self._parts.append(
            f'<rect class="{kind} {state}" x="{x:.0f}" y="{y:.0f}" width="{max(wide, 1):.0f}" height="{high:.0f}" rx="7"/>'
        )

    def around(self, x: float, y: float, wide: float, high: float) -> None:
        """A frame behind all that has been drawn."""
        self._parts.insert(
            0, f'<rect class="ground" x="{x:.0f}" y="{y:.0f}" width="{wide:.0f}" height="{high:.0f}" rx="10"/>'
        )

    def line(self, x: float, y: float, to_x: float, to_y: float) -> None:
        """A line between two things that belong together."""
        self._parts.append(f'<path class="way" d="M{x:.0f} {y:.0f} L{to_x:.0f} {to_y:.0f}"/>')

    def way(self, x: float, to_x: float, y: float, state: State = State.NONE, is_broken: bool = False) -> None:
        """A way from left to right, with an arrow, or one that ends in a cross."""
        dashes = ' stroke-dasharray="5 5"' if is_broken else ""
        self._parts.append(f'<path class="way {state}"{dashes} d="M{x:.0f} {y:.0f} H{to_x:.0f}"/>')
        cross, arrow = f"M{to_x - 8:.0f} {y - 8:.0f} l16 16 m0 -16 l-16 16", f"M{to_x - 9:.0f} {y - 6:.0f} l9 6 l-9 6"
        self._parts.append(f'<path class="way {state}" d="{cross if is_broken else arrow}"/>')

    def svg(self) -> str:
        """The picture."""
        high, name = self.top + EDGE - 8, escape(self.title)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {high:.0f}" width="{WIDTH}" height="{high:.0f}" role="img" '
            f'aria-label="{name}" font-family="Helvetica, Arial, sans-serif">\n  <title>{name}</title>\n  <style>{STYLE}  </style>\n'
            f'  <rect class="ground" x="1" y="1" width="{WIDTH - 2}" height="{high - 2:.0f}" rx="12"/>\n  '
            + "\n  ".join(self._parts)
            + "\n</svg>\n"
        )
