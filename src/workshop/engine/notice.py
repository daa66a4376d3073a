"""What is said while something takes long: a line for whoever listens. Nobody does unless told to."""

from __future__ import annotations

from collections.abc import Callable

_listeners: list[Callable[[str], object]] = []


def listen(listener: Callable[[str], object]) -> None:
    """Has `listener` told of each long piece of work from now on, as it begins."""
    _listeners.append(listener)


def tell(text: str) -> None:
    """Says what begins now and why it takes a while."""
    for listener in _listeners:
        listener(text)
