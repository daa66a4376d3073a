"""A picture of what runs now, as the page hands it out."""

from __future__ import annotations

from typing import NamedTuple


class Picture(NamedTuple):
    """A picture, drawn: its name in addresses, its title, the SVG, the same as text."""

    name: str
    title: str
    svg: str
    text: str
