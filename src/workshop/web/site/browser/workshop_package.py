"""The workshop in a browser: its files lie as in the checkout, so that it finds the lessons."""

from pathlib import Path

__path__ = [str(Path(__file__).parents[1] / "course" / "src" / "workshop")]
