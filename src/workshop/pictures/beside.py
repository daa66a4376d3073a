"""Two images side by side, the student's and the solution's: the layers that both share lie below, the steps of each stand above them."""

from __future__ import annotations

from dataclasses import dataclass

from workshop.pictures.canvas import EDGE, WIDTH, Canvas, size
from workshop.pictures.image import Image, Layer

MOST, ROW, GAP = (
    12,
    44,
    16,
)  # layers of each that are drawn above what both have, a layer's height, the room between the columns
WIDE = (WIDTH - 2 * EDGE - GAP) / 2
YOURS, OURS = "yours", "the solution's"
ALIKE = 0.02  # by how much two sizes may differ, as a share, and the step be the same: pip writes a few bytes that differ each time


@dataclass(frozen=True)
class Pair:
    """Two images, their layers the topmost first, of which the `common` lowest are the same, byte for byte."""

    yours: Image
    ours: Image
    common: int

    @property
    def columns(self) -> list[tuple[str, Image, list[tuple[Layer, bool]]]]:
        """(whose, the image, its own layers that hold files, each with whether only this one has such a step)."""
        yours, ours = (
            [layer for layer in image.layers[: len(image.layers) - self.common] if layer.bytes]
            for image in (self.yours, self.ours)
        )
        return [(YOURS, self.yours, _own(yours, ours)), (OURS, self.ours, _own(ours, yours))]

    @property
    def shared(self) -> list[Layer]:
        """The layers that both have."""
        return list(self.yours.layers[len(self.yours.layers) - self.common :])


def common(yours: list[tuple[str, int, float]], ours: list[tuple[str, int, float]]) -> int:
    """How many of the lowest steps of two histories are the same: instruction, size, and the moment at which they were made."""
    count = 0
    for mine, other in zip(reversed(yours), reversed(ours), strict=False):
        if mine != other:
            break
        count += 1
    return count


def _own(layers: list[Layer], others: list[Layer]) -> list[tuple[Layer, bool]]:
    marked = [(layer, not any(_is_same_step(layer, other) for other in others)) for layer in layers]
    if len(marked) <= MOST:
        return marked
    below = marked[MOST - 1 :]
    rest = Layer(f"{len(below)} further layers", sum(layer.bytes for layer, _ in below), False)
    return [*marked[: MOST - 1], (rest, any(only for _, only in below))]


def _is_same_step(one: Layer, other: Layer) -> bool:
    return one.by == other.by and abs(one.bytes - other.bytes) <= ALIKE * max(one.bytes, other.bytes)


def svg(pair: Pair) -> str:
    """The picture: two stacks on one ground."""
    canvas = Canvas("Your image beside the solution's")
    columns = pair.columns
    canvas.write(EDGE, canvas.top - 4, "blue: a step that only this one has · grey: the other has it too", 13, "soft")
    longest = max((layer.bytes for _, _, layers in columns for layer, _ in layers), default=0) or 1
    rows = max(len(layers) for _, _, layers in columns)
    top = canvas.top + 12
    for place, (whose, image, layers) in enumerate(columns):
        x = EDGE + place * (WIDE + GAP)
        canvas.write(x, top + 14, whose, 15, bold=True)
        canvas.write(x + WIDE, top + 14, size(image.bytes), 15, end=True)
        begun = top + 24 + (rows - len(layers)) * ROW
        if layers:
            canvas.box(x, begun, WIDE, len(layers) * ROW)
        for number, (layer, only) in enumerate(layers):
            y = begun + number * ROW
            canvas.write(x + 10, y + 17, layer.by, 12, most=31)
            canvas.box(x + 10, y + 24, (WIDE - 90) * layer.bytes / longest, 12, kind="bar" if only else "old")
            canvas.write(x + WIDE - 10, y + 34, size(layer.bytes), 12, "soft", end=True)
    y = top + 28 + rows * ROW
    shared, high = pair.shared, 50
    canvas.box(EDGE, y, WIDTH - 2 * EDGE, high)
    canvas.box(EDGE + 10, y + 28, WIDTH - 2 * EDGE - 110, 12, kind="old")
    count = sum(1 for layer in shared if layer.bytes)
    canvas.write(
        EDGE + 10,
        y + 19,
        f"{count} {'layer' if count == 1 else 'layers'} that both share; they are stored once",
        12,
    )
    canvas.write(WIDTH - EDGE - 10, y + 38, size(sum(layer.bytes for layer in shared)), 12, "soft", end=True)
    canvas.top = y + high + 8
    return canvas.svg()


def text(pair: Pair) -> str:
    """The same in words."""
    lines = ["Your image beside the solution's, topmost layer first"]
    for whose, image, layers in pair.columns:
        lines.append(f"  {whose}, {size(image.bytes)}:")
        for layer, only in layers:
            lines.append(f"    {size(layer.bytes):>8}  {'only here' if only else 'in both  '}  {layer.by[:100]}")
    lines.append(f"  layers that both share, stored once: {size(sum(layer.bytes for layer in pair.shared))}")
    return "\n".join(lines)
