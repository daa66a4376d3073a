"""A whole service, handed over as one folder: what it counts of itself, and a copy of it that is broken on purpose."""

from __future__ import annotations

import re
from pathlib import Path

BROKEN = 'raise RuntimeError("broken on purpose, to see whether the tests notice it")\n'
NUMBER = r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+|inf|nan)"
SAMPLE = re.compile(
    rf'(?P<name>[a-z_:][\w:]*(?:\{{(?:[^"}}]|"(?:[^"\\]|\\.)*")*\}})?)\s+(?P<value>{NUMBER})(?:\s+{NUMBER})?(?:\s+#.*)?',
    re.IGNORECASE,
)


def samples(text: str) -> dict[str, float] | None:
    """The numbers in Prometheus' text format, by name and labels as they are written; None if the text is something else."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found = [SAMPLE.fullmatch(line.strip()) for line in lines]
    if not found or not all(found):
        return None
    return {match["name"]: float(match["value"]) for match in found if match}


def break_code(folder: Path) -> list[str]:
    """Makes every Python file of a folder fail at once, but for the tests: `test` stands in their name, or in that of a folder above."""
    broken = []
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder)
        if not any("test" in part.lower() for part in inside.parts):
            path.write_text(BROKEN, encoding="utf-8")
            broken.append(inside.as_posix())
    return broken
