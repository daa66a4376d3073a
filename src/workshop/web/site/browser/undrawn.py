"""Stands for matplotlib where there is none, in a browser: a plot's cell runs, and says that nothing is drawn."""

from typing import Any

SAID = "Plots are not drawn in this page; the cells above have the numbers. The live workshop draws them: `./workshop lab`"


class Undrawn:
    """A figure, its axes, and whatever else is asked for: it takes every call and draws nothing."""

    def __getattr__(self, name: str) -> "Undrawn":
        return self

    def __call__(self, *args: Any, **options: Any) -> "Undrawn":
        return self


def subplots(*args: Any, **options: Any) -> tuple[Undrawn, Undrawn]:
    """A figure and its axes."""
    return Undrawn(), Undrawn()


def show() -> None:
    """Says that nothing is drawn."""
    print(SAID)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return Undrawn()
