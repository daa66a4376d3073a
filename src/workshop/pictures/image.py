"""An image: its layers as a stack, the topmost first, with sizes, which instruction made each, and which came from the cache."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from workshop.pictures.canvas import EDGE, WIDTH, Canvas, State, size

MOST = 14  # layers that are drawn; those below are one
ROW = 30


@dataclass(frozen=True)
class Layer:
    """One step of an image's history. `is_new`: made by the last build, and not taken from the cache or from the image it begins with."""

    by: str
    bytes: int
    is_new: bool


@dataclass(frozen=True)
class Image:
    """An image, its layers the topmost first."""

    name: str
    layers: tuple[Layer, ...]
    state: State = State.NONE

    @property
    def bytes(self) -> int:
        """All layers together."""
        return sum(layer.bytes for layer in self.layers)


def instruction(created_by: str) -> str:
    """The instruction of a Dockerfile, out of what `docker history` calls it."""
    text = re.sub(r"^(?:/bin/sh -c )?#\(nop\)\s*", "", created_by)
    text = re.sub(r"^RUN (?:\|\d+ (?:\S+=\S* )*)?/bin/sh -c ", "RUN ", text)
    text = re.sub(r"^/bin/sh -c ", "RUN ", text)
    return " ".join(re.sub(r"\s*# buildkit$", "", text).split()) or "not told: it comes with the image below"


def drawn(image: Image) -> tuple[Layer, ...]:
    """The layers that are shown: those that hold files or were made now, at most MOST; the rest as one."""
    held = [layer for layer in image.layers if layer.bytes or layer.is_new]
    if len(held) <= MOST:
        return tuple(held)
    below = held[MOST - 1 :]
    return (
        *held[: MOST - 1],
        Layer(f"{len(below)} further layers", sum(one.bytes for one in below), any(one.is_new for one in below)),
    )


def svg(image: Image) -> str:
    """The stack as a picture; a bar's length is the layer's share of all bytes."""
    canvas = Canvas(f"Image · {size(image.bytes)}")
    canvas.write(EDGE, canvas.top, "blue: made by the last build", 13, "soft")
    canvas.write(EDGE, canvas.top + 18, "grey: taken from the cache, or from the image below", 13, "soft")
    canvas.top += 34
    rows = drawn(image)
    canvas.box(EDGE - 8, canvas.top, WIDTH - 2 * EDGE + 16, ROW * len(rows) + 14, image.state)
    longest = max((layer.bytes for layer in rows), default=0) or 1
    for layer in rows:
        canvas.box(EDGE, canvas.top + 12, 80 * layer.bytes / longest, ROW - 10, kind="bar" if layer.is_new else "old")
        canvas.write(EDGE + 150, canvas.top + 27, size(layer.bytes), 13, "soft", end=True)
        canvas.write(EDGE + 162, canvas.top + 27, layer.by, 13, most=44)
        canvas.top += ROW
    canvas.top += 24
    return canvas.svg()


def text(image: Image) -> str:
    """The same in words."""
    rows = [
        f"{size(layer.bytes):>8}  {'new   ' if layer.is_new else 'cached'}  {layer.by[:110]}" for layer in drawn(image)
    ]
    return "\n".join([f"Image {image.name}, {size(image.bytes)}, topmost layer first", *rows])


def layers(history: Sequence[tuple[str, int, float]], since: float) -> tuple[Layer, ...]:
    """Layers out of (instruction, bytes, seconds since 1970 when it was made); those made after `since` are new."""
    return tuple(Layer(instruction(by), count, made >= since) for by, count, made in history)
