"""What `check` shows in a notebook: HTML in the colours of its theme, and the same as plain text for a terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import Any

from workshop.report import Check, Outcome
from workshop.values import short

SIGNS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.BLOCKED: "·", Outcome.UNCHECKED: "?"}
COLOURS = {
    Outcome.PASSED: "var(--jp-success-color1, #388e3c)",
    Outcome.FAILED: "var(--jp-error-color1, #d32f2f)",
    Outcome.BLOCKED: "currentColor",
    Outcome.UNCHECKED: "var(--jp-warn-color1, #b26a00)",
}
SIGN = "color: color-mix(in srgb, {} 65%, currentColor); font-weight: bold"  # the theme's colour alone is too pale on white
SHOWN_KEYS = 8
MONO = "font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px); white-space: pre-wrap; text-align: left"
FAINT = "text-align: left; vertical-align: top; opacity: 0.7; padding-right: 1em; white-space: nowrap"


@dataclass(frozen=True)
class Key:
    """One key as it is in Redis now."""

    name: str
    kind: str
    lifetime: str
    value: str


def keys_of(client: Any) -> list[Key]:
    """The first keys of a database, in order of their names, with type, time to live and value."""
    names = sorted(name for name, _ in zip(client.scan_iter(count=1000), range(200), strict=False))[:SHOWN_KEYS]
    return [_key(client, name) for name in names]


def _key(client: Any, name: str) -> Key:
    kind, left = client.type(name), client.pttl(name)
    read = {
        "string": lambda: short(client.getrange(name, 0, 200), 120),
        "list": lambda: short(client.lrange(name, 0, 9), 200),
        "set": lambda: short(set(client.sscan(name, count=10)[1][:10]), 200),
        "zset": lambda: ", ".join(
            f"{member}: {repr(score).removesuffix('.0')}"
            for member, score in client.zrange(name, 0, 9, withscores=True)
        ),
        "hash": lambda: short(dict(list(client.hscan(name, count=10)[1].items())[:10]), 200),
    }
    lifetime = "no expiry" if left == -1 else f"expires in {left / 1000:.1f} s"
    return Key(name, kind, lifetime, read[kind]() if kind in read else "…")


@dataclass(frozen=True)
class Shown:
    """The checks of one exercise, the keys that were in Redis after the first that failed, and what it sent there, if a rival came."""

    name: str
    checks: list[Check]
    keys: list[Key]
    sent: list[str] = field(default_factory=list)  # what went to Redis in it, if a rival came

    def show(self) -> None:
        """Shows it where the notebook shows results; prints it if there is no notebook."""
        try:
            from IPython.core.getipython import get_ipython
            from IPython.display import display
        except ImportError:
            print(self.text())
            return
        if get_ipython() is None:
            print(self.text())
        else:
            display({"text/plain": self.text(), "text/html": self.html()}, raw=True)

    def _rows(self, check: Check) -> list[tuple[str, str]]:
        rows = [("asked", check.asked), ("expected", check.expected), ("got", check.actual), ("because", check.hint)]
        return [(label, text) for label, text in rows if text] if check.outcome is not Outcome.PASSED else []

    def _end(self) -> str:
        passed = sum(check.outcome is Outcome.PASSED for check in self.checks)
        return f"{passed} of {len(self.checks)}"

    def text(self) -> str:
        """As plain text."""
        lines = [f"{self.name} · {self._end()}"]
        for check in self.checks:
            lines.append(f" {SIGNS[check.outcome]} {check.claim}")
            for label, text in self._rows(check):
                first, *others = text.splitlines()
                lines.append(f"     {label:<9} {first}")
                lines += [f"     {'':<9} {other}" for other in others]
        if self.keys:
            lines.append("   in Redis now")
            lines += [f"     {key.name} · {key.kind} · {key.lifetime} · {key.value}" for key in self.keys]
        if self.sent:
            lines += ["   sent to Redis", *(f"   {line}" for line in self.sent)]
        return "\n".join(lines)

    def html(self) -> str:
        """As HTML. Every text in it that came from a student or from Redis is escaped."""
        parts = [f'<div style="line-height: 1.5; padding: 5px"><strong>{escape(self.name)}</strong> · {self._end()}']
        for check in self.checks:
            sign = f'<span style="{SIGN.format(COLOURS[check.outcome])}">{SIGNS[check.outcome]}</span>'
            parts.append(f"<div>{sign} {_words(check.claim)}</div>")
            if rows := self._rows(check):
                parts.append(
                    _table(
                        [
                            (label, _words(text) if label == "because" else escape(text), label != "because")
                            for label, text in rows
                        ]
                    )
                )
        if self.keys:
            held = [(key.name, f"{key.kind} · {key.lifetime} · {escape(key.value)}", True) for key in self.keys]
            parts.append('<div style="margin-top: 0.5em">In Redis now:</div>' + _table(held))
        if self.sent:
            parts.append(
                f'<div style="margin-top: 0.5em">Sent to Redis:</div><div style="{MONO}">{escape(chr(10).join(self.sent))}</div>'
            )
        return "\n".join([*parts, "</div>"])


def _words(text: str) -> str:
    """A sentence as HTML: what stands between backticks in the code font."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _table(rows: list[tuple[str, str, bool]]) -> str:
    """Rows of a label and a text that is already HTML; `True` sets it in the code font."""
    cells = (
        f'<tr style="background: none"><td style="{FAINT}">{escape(label)}</td><td style="{MONO if code else "text-align: left"}">{text}</td></tr>'
        for label, text, code in rows
    )
    return f'<table style="margin: 0 0 0.5em 1.5em">{"".join(cells)}</table>'
